using System.Text.Json.Nodes;
using ResLora.Experiments.Configuration;
using Xunit;

namespace ResLora.Tests.Experiments.Configuration;

public sealed class YamlTextTests
{
    [Theory]
    [InlineData("\"\"", "\"\"")]
    [InlineData("\"8\"", "\"8\"")]
    [InlineData("\" \"", "' '")]
    [InlineData("\"a b\"", "a b")]
    [InlineData("[]", "[]")]
    [InlineData("{}", "{}")]
    [InlineData("{\"a\":\"\",\"b\":[\"\"]}", "a: \"\"\nb: [\"\"]")]
    public void Write_ATree_HasNoMarkOfADocument(string json, string expected) =>
        Assert.Equal(expected + "\n", YamlText.Write(JsonNode.Parse(json)));
}
