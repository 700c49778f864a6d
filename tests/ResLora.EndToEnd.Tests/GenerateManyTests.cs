using System.Text.Json;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

/// <summary><c>reslora generate</c> on many prompts, by one process.</summary>
public sealed class GenerateManyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Generate_File_GivesTheTextsThatPromptsAloneHave()
    {
        File.WriteAllText(_folder["questions.csv"], "question,id\nMia has 3 pens.,1\nTom has 4 cups.,2\n");
        string[] sampling = ["--model", Repository.SampleModel, "--max-new-tokens", "12", "--temperature", "0.9"];
        string[] many = ["generate", .. sampling, "--data", _folder["questions.csv"], "--column", "prompt=question", "--seed", "7"];

        var streamed = Tool.Run(many).Expect(0).Output;
        var document = Tool.Run([.. many, "--json"]).Expect(0).Json;
        var written = Tool.Run([.. many, "--output", _folder["answers.jsonl"]]).Expect(0);
        var second = Tool.Run(["generate", .. sampling, "--prompt", "Tom has 4 cups.", "--seed", "8", "--json"]).Expect(0).Json;

        var lines = streamed.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
        Assert.Equal(["Mia has 3 pens.", "Tom has 4 cups."], lines.Select(line => line.GetProperty("prompt").GetString()));
        Assert.Equal([(0, 7), (1, 8)], lines.Select(line => (line.GetProperty("index").GetInt32(), line.GetProperty("seed").GetInt32())));
        Assert.Equal(second.GetProperty("text").GetString(), lines[1].GetProperty("text").GetString());
        Assert.Equal(2, document.GetProperty("prompts").GetInt32());
        Assert.Equal(second.GetProperty("text").GetString(), document.GetProperty("texts")[1].GetProperty("text").GetString());
        Assert.Equal(streamed, File.ReadAllText(_folder["answers.jsonl"]));
        Assert.Empty(written.Output);
        Assert.Contains("2 texts are in", written.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("What is to be continued is missing")]
    [InlineData("--prompt is one text and --data are many", "--prompt", "p", "--data", "d.txt")]
    [InlineData("--output and --column are for many texts", "--prompt", "p", "--output", "o.jsonl")]
    [InlineData("--output and --column are for many texts", "--prompt", "p", "--column", "prompt=q")]
    [InlineData("--system and --chat-template are for conversations", "--data", "d.txt", "--system", "s")]
    [InlineData("--column 'q' does not name a column", "--data", "d.txt", "--column", "q")]
    [InlineData("--data is empty", "--data", "")]
    public void Generate_WhatDoesNotGoTogether_IsBadInput(string sentence, params string[] arguments)
    {
        var result = InProcess.Run(["generate", "--model", "m", .. arguments]).Expect(2);

        Assert.Contains(sentence, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_OutputOverItsData_IsRefused()
    {
        var file = _folder["prompts.txt"];
        File.WriteAllText(file, "Mia has 3 pens.\n");

        var result = Tool.Run("generate", "--model", Repository.SampleModel, "--data", file, "--output", file).Expect(2);

        Assert.Contains("would be written over what is read", result.Error, StringComparison.Ordinal);
        Assert.Equal("Mia has 3 pens.\n", File.ReadAllText(file));
    }
}
