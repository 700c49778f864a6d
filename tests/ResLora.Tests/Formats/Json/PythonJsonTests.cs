using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Formats.Json;

public sealed class PythonJsonTests
{
    [Theory]
    [InlineData("""{ "a": -Infinity }""", """{ "a": "-Infinity" }""")]
    [InlineData("""{"a":NaN,"b":[Infinity,-Infinity , 1]}""", """{"a":"NaN","b":["Infinity","-Infinity",1]}""")]
    [InlineData("[\n-Infinity\n]", """["-Infinity"]""")]
    [InlineData("""{ "a: NaN": ", NaN, \": -Infinity, " }""", """{ "a: NaN": ", NaN, \": -Infinity, " }""")]
    [InlineData("""{ "a\\": NaN }""", """{ "a\\": "NaN" }""")]
    public void DeserializePython_WordsThatAreNoJson_AreStrings(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.json", text);

        var read = CheckedJson.DeserializePython<JsonElement>(folder["a.json"], _ => { });

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(read.GetRawText())), read.GetRawText());
    }

    [Theory]
    [InlineData("""{ NaN: 1 }""")]
    [InlineData("""{ "a": NaNs }""")]
    [InlineData("""{ "a": -infinity }""")]
    [InlineData("""{ "a": - Infinity }""")]
    [InlineData("""{ "a": 1 NaN }""")]
    [InlineData("""{ "a": NaN""")]
    [InlineData("""{ "a": -Infinity "b": 1 }""")]
    [InlineData("NaN")]
    public void DeserializePython_WordsElsewhere_AreRefused(string text)
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.json", text);

        Assert.Throws<FileFormatException>(() => CheckedJson.DeserializePython<JsonElement>(folder["a.json"], _ => { }));
    }

    [Fact]
    public void Deserialize_BareInfinity_IsRefused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.json", """{ "a": -Infinity }""");

        Assert.Throws<FileFormatException>(() => CheckedJson.Deserialize<JsonElement>(folder["a.json"]));
    }
}
