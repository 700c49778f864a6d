using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using ResLora.Text.Tokenization;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>The ids of transformers' own tokenizers, where the folder with them stands beside the repository.</summary>
public sealed class ClipTokenizerGoldenTests
{
    private const string Golden = "goldens/diffusion_files/clip_tokenizer/";

    [Theory]
    [InlineData("sd1", "tokenizer.json")]
    [InlineData("sd1", "vocab.json")]
    [InlineData("sd2", "tokenizer.json")]
    [InlineData("sd2", "vocab.json")]
    [InlineData("added", "tokenizer.json")]
    [InlineData("added", "vocab.json")]
    public void Encode_GoldenTexts_GivesTheSameIdsByEitherFile(string name, string file)
    {
        var golden = SharedFolder.PathOrSkip(Golden + name);
        using var folder = Only(golden, file);
        var tokenizer = ClipTokenizer.Load(folder.Path);

        AssertEncodes(tokenizer, golden);
    }

    /// <summary>The tokenizers inside of pipelines: one as tokenizer.json without the older files, one as published folders are.</summary>
    [Theory]
    [InlineData("sd1", 693)]
    [InlineData("sd2", 0)]
    public void Load_TokenizersOfPipelines_EncodeAlike(string name, int pad)
    {
        var tokenizer = ClipTokenizer.Load(SharedFolder.PathOrSkip($"goldens/diffusion_files/{name}/tokenizer"), positions: 77);

        Assert.Equal((692, 693, pad, 77), (tokenizer.BeginId, tokenizer.EndId, tokenizer.PadId, tokenizer.Length));
        AssertEncodes(tokenizer, SharedFolder.PathOrSkip(Golden + name));
    }

    [Fact]
    public void Encode_PromptsOfATrainedPipeline_GivesTheSameIds()
    {
        using var scope = torch.NewDisposeScope();
        var golden = SharedFolder.PathOrSkip("goldens/emoji_sd");
        var tokenizer = ClipTokenizer.Load(SharedFolder.PathOrSkip("models/emoji-sd/tokenizer"));
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(golden, "case.json")))!;
        using var expected = SafetensorsReader.Open(Path.Combine(golden, "expected.safetensors"));

        Assert.Equal(40, tokenizer.Length);
        AssertSame("sample.input_ids", file["prompts"]!.AsArray().Select(prompt => prompt!.GetValue<string>()));
        foreach (var source in new[] { "google", "twitter" })
        {
            AssertSame($"{source}.input_ids", file["pictures"]![source]!.AsArray().Select(picture => picture!["text"]!.GetValue<string>()));
        }

        void AssertSame(string name, IEnumerable<string> texts) =>
            Assert.Equal(expected.Read(name).data<long>().ToArray(), texts.SelectMany(tokenizer.Encode).Select(id => (long)id));
    }

    private static void AssertEncodes(ClipTokenizer tokenizer, string golden)
    {
        var lines = File.ReadLines(Path.Combine(golden, "expected.jsonl"))
            .Select(line => JsonSerializer.Deserialize<Line>(line, JsonSerializerOptions.Web)!).ToArray();

        Assert.NotEmpty(lines);
        Assert.All(lines, line =>
        {
            Assert.Equal(line.Ids, tokenizer.Encode(line.Text));
            Assert.Equal(line.All, tokenizer.EncodeWhole(line.Text));
            Assert.Equal(line.All.Length, tokenizer.Count(line.Text));
        });
    }

    private static TemporaryFolder Only(string golden, string file)
    {
        string[] hidden = file == "tokenizer.json" ? ["vocab.json", "merges.txt"] : ["tokenizer.json"];
        return new TemporaryFolder(
        [
            .. Directory.EnumerateFiles(golden)
                .Where(path => !hidden.Contains(Path.GetFileName(path)))
                .Select(path => (Path.GetFileName(path), File.ReadAllText(path))),
        ]);
    }

    private sealed record Line(string Text, int[] Ids, int[] All);
}
