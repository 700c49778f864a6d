using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>The ids of Hugging Face's own library, where the folder with them stands beside the repository.</summary>
public class TokenizerGoldenTests
{
    private static readonly JsonSerializerOptions _names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    [Theory]
    [InlineData("stories260K")]
    [InlineData("llama-10m")]
    [InlineData("qwen3")]
    [InlineData("roberta-bpe")]
    [InlineData("bert-wordpiece")]
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
    [InlineData("roberta-bpe")]
    [InlineData("bert-wordpiece")]
    public void Encode_GoldenTextsByTheOlderFiles_GivesTheSameIds(string name)
    {
        var golden = Path.Combine(Shared(), "goldens", "tokenizers", name);
        Assert.SkipUnless(Directory.Exists(golden), "needs shared/goldens beside the repository");
        var model = JsonNode.Parse(File.ReadAllText(Path.Combine(golden, "tokenizer.json")))!["model"]!;
        var vocabulary = model["vocab"]!.AsObject();
        using var folder = name == "roberta-bpe"
            ? new TemporaryFolder(
                ("vocab.json", vocabulary.ToJsonString()),
                ("merges.txt", "#version: 0.2\n" + string.Join('\n', model["merges"]!.AsArray().Select(Merge)) + "\n"))
            : new TemporaryFolder(
                ("vocab.txt", string.Concat(vocabulary.OrderBy(token => token.Value!.GetValue<int>()).Select(token => token.Key + "\n"))));

        var tokenizer = Tokenizer.Load(folder.Path);

        Assert.All(
            File.ReadLines(Path.Combine(golden, "expected.jsonl")).Select(line => JsonSerializer.Deserialize<Line>(line, _names)!), line =>
        {
            Assert.Equal(line.Ids, tokenizer.Encode(line.Text));
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

    private static string Merge(JsonNode? merge) => merge is JsonArray sides ? $"{sides[0]} {sides[1]}" : merge!.GetValue<string>();

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
