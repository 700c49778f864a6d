using System.Text.Json;
using ResLora.Training.Tokenization;
using Xunit;

namespace ResLora.Tests.Training.Tokenization;

/// <summary>The ids of Hugging Face's own library, where the folder with them stands beside the repository.</summary>
public class TokenizerGoldenTests
{
    private static readonly JsonSerializerOptions _names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    [Theory]
    [InlineData("stories260K")]
    [InlineData("llama-10m")]
    [InlineData("qwen3")]
    [InlineData("roberta-bpe")]
    public void Encode_GoldenTexts_GivesTheSameIdsAndTexts(string name)
    {
        var folder = Path.Combine(Shared(), "goldens", "tokenizers", name);
        Assert.SkipUnless(Directory.Exists(folder), "needs shared/goldens beside the repository");
        var tokenizer = Tokenizer.Load(folder);
        var lines = File.ReadLines(Path.Combine(folder, "expected.jsonl"));

        var expected = lines.Select(line => JsonSerializer.Deserialize<Line>(line, _names)!).ToList();

        Assert.NotEmpty(expected);
        Assert.All(expected, line =>
        {
            Assert.Equal(line.Ids, tokenizer.Encode(line.Text));
            Assert.Equal(line.IdsNoSpecial, tokenizer.Encode(line.Text, addSpecialTokens: false));
            Assert.Equal(line.Decoded, tokenizer.Decode(line.Ids));
        });
    }

    [Theory]
    [InlineData("stories260K", 1, 2, null)]
    [InlineData("llama-10m", 1, 2, 3)]
    public void Load_GoldenModelFolder_KnowsTheSpecialIds(string name, int begin, int end, int? pad)
    {
        var folder = Path.Combine(Shared(), "models", name);
        Assert.SkipUnless(Directory.Exists(folder), "needs shared/models beside the repository");

        var tokenizer = Tokenizer.Load(folder);

        Assert.Equal((begin, end, pad), (tokenizer.BeginId, tokenizer.EndId, tokenizer.PadId));
    }

    private static string Shared()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ResLora.slnx")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.Parent?.FullName ?? "", "shared");
    }

    private sealed record Line(string Text, int[] Ids, int[] IdsNoSpecial, string Decoded);
}
