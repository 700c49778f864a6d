using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models;

public sealed class ModelHeadFileTests
{
    [Fact]
    public void Read_WrittenHead_IsTheSame()
    {
        using var folder = new TemporaryFolder();

        ModelHeadFile.Write(folder.Path, ModelHead.ForLabels(["schlecht", "gut"]));

        var head = ModelHeadFile.Read(folder.Path)!;
        Assert.Equal((ModelHeadKind.Labels, "schlecht gut"), (head.Kind, string.Join(' ', head.Labels)));
        using var json = JsonDocument.Parse(File.ReadAllText(folder[ModelHeadFile.FileName]));
        Assert.Equal(["kind", "labels"], json.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal("labels", json.RootElement.GetProperty("kind").GetString());
    }

    [Fact]
    public void Read_NoFile_IsNull()
    {
        using var folder = new TemporaryFolder();

        Assert.Null(ModelHeadFile.Read(folder.Path));
    }

    [Theory]
    [InlineData("""{ "kind": "labels", "labels": ["one"] }""")]
    [InlineData("""{ "kind": "labels", "labels": ["one", "one"] }""")]
    [InlineData("""{ "kind": "score", "labels": ["one", "two"] }""")]
    [InlineData("""{ "kind": "maskedTokens", "labels": [] }""")]
    [InlineData("""{ "kind": "labels", "labels": null }""")]
    [InlineData("""{ "kind": "labels", "labels": ["one", null] }""")]
    [InlineData("""{ "kind": "score", "labels": [""] }""")]
    [InlineData("""{ "kind": "other", "labels": ["a", "b"] }""")]
    [InlineData("[]")]
    public void Read_WhatIsNoHead_IsRefused(string text)
    {
        using var folder = new TemporaryFolder();
        folder.Write(ModelHeadFile.FileName, text);

        var error = Assert.Throws<FileFormatException>(() => ModelHeadFile.Read(folder.Path));

        Assert.Contains(ModelHeadFile.FileName, error.Message, StringComparison.Ordinal);
    }
}
