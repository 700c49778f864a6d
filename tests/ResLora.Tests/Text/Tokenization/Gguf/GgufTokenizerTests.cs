using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Gguf;
using ResLora.Tests.Support;
using ResLora.Text.Tokenization;
using ResLora.Text.Tokenization.Gguf;
using Xunit;
using Folder = ResLora.Tests.Support.TemporaryFolder;

namespace ResLora.Tests.Text.Tokenization.Gguf;

/// <summary>The keys of a GGUF file encode texts as the training tokenizer does, or the tokenizer is refused.</summary>
public sealed class GgufTokenizerTests : IDisposable
{
    private const string Settings = """{ "bos_token": "<s>", "eos_token": "</s>" }""";

    private static readonly Config _seeded = Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20240229UL, 1UL);

    private static readonly Arbitrary<string> _anyText = Gen.OneOf(
        Gen.Choose(1, 0x2FFF).Select(unit => ((char)unit).ToString()),
        Gen.Choose(0x1F300, 0x1FAFF).Select(char.ConvertFromUtf32),
        Gen.Elements(
            " ", "  ", "\n", "the", " the", "7", "12", "é", "日本", "'s", "ab", " ab", "▁", "𝑥", "𝑥a", "\r\n", "<s>", "</s>")).ArrayOf()
        .Select(string.Concat).ToArbitrary();

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("goldens/tokenizers/stories260K", "<s>", "</s>")]
    [InlineData("goldens/tokenizers/llama-10m", "<s>", "</s>")]
    [InlineData("goldens/tokenizers/roberta-bpe", "<s>", "</s>")]
    [InlineData("goldens/tokenizers/qwen3", null, "<|endoftext|>")]
    public void Encode_GoldenTexts_GivesHuggingFacesIds(string shared, string? begin, string end)
    {
        var source = SharedFolder.PathOrSkip(shared);
        Prepare(
            File.ReadAllText(Path.Combine(source, "tokenizer.json")), JsonSerializer.Serialize(new { bos_token = begin, eos_token = end }));
        var (tokenizer, losses) = Through();
        var behind = Tokenizer.Load(_folder.Path).After.Count;

        var lines = File.ReadLines(Path.Combine(source, "expected.jsonl")).Select(
            line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();

        // What llama.cpp is known to do otherwise is named, and is no part of the claim.
        var comparable = lines.Where(line => !IsNamed(line.GetProperty("text").GetString()!, losses)).ToList();
        Assert.True(comparable.Count > lines.Count / 2);
        Assert.All(comparable, line =>
        {
            var text = line.GetProperty("text").GetString()!;
            // llama.cpp's programs abort where a file asks for an end token behind every text, and a prompt is to go on.
            Assert.Equal(Ids(line, "ids")[..^behind], tokenizer.Encode(text));
            Assert.Equal(Ids(line, "ids_no_special"), tokenizer.Encode(text, addSpecialTokens: false));
        });
    }

    [Fact]
    public void Encode_AnyText_ByteLevel_GivesTheTrainingTokenizersIds()
    {
        var json = ByteLevelBpeTrainer.Train(TokenizerFixtures.Texts, new BpeTrainingOptions { VocabularySize = 320 });
        Prepare(json, Settings);
        var (written, _) = Through();
        var training = Tokenizer.Load(_folder.Path);

        Prop.ForAll(_anyText, text => training.Encode(text).SequenceEqual(written.Encode(text))).Check(_seeded);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("never")]
    public void Encode_AnyText_SentencePiece_GivesTheTrainingTokenizersIds(string? metaspace)
    {
        var json = SentencePiece();
        if (metaspace is not null)
        {
            json["normalizer"] = null;
            json["pre_tokenizer"] = JsonNode.Parse($$"""{ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "{{metaspace}}", "split": false }""");
        }

        Prepare(json.ToJsonString(), Settings);
        var (written, losses) = Through();
        var training = Tokenizer.Load(_folder.Path);

        Assert.Empty(losses);
        Prop.ForAll(_anyText, text => training.Encode(text).SequenceEqual(written.Encode(text))).Check(_seeded);
    }

    [Fact]
    public void Write_SentencePiece_WritesScoresKindsAndFillers()
    {
        Prepare(SentencePiece().ToJsonString(), """{ "bos_token": "<s>", "eos_token": "</s>", "chat_template": "{{ x }}" }""");
        var size = Tokenizer.Load(_folder.Path).VocabularySize;

        Through(size + 2);

        using var reader = GgufFile.Open(_folder["t.gguf"]);
        var tokens = reader.Require<string[]>("tokenizer.ggml.tokens");
        var kinds = reader.Require<int[]>("tokenizer.ggml.token_type");
        var scores = reader.Require<float[]>("tokenizer.ggml.scores");
        int Kind(string token) => kinds[Array.IndexOf(tokens, token)];
        float Score(string token) => scores[Array.IndexOf(tokens, token)];
        Assert.Equal((size + 2, size + 2, size + 2), (tokens.Length, kinds.Length, scores.Length));
        Assert.Equal([2, 3, 3, 6, 1, 5], new[] { "<unk>", "<s>", "</s>", "<0x0A>", "ab", $"[PAD{size + 1}]" }.Select(Kind));
        Assert.Equal([0, -1, -2, -3, -1000], new[] { "▁a", "bc", "ab", "▁ab", $"[PAD{size}]" }.Select(Score));
        Assert.Equal(
            (1u, 2u, 0u),
            (
                reader.Require<uint>("tokenizer.ggml.bos_token_id"),
                reader.Require<uint>("tokenizer.ggml.eos_token_id"),
                reader.Require<uint>("tokenizer.ggml.unknown_token_id")));
        Assert.Equal(
            (true, true, false),
            (
                reader.Require<bool>("tokenizer.ggml.add_space_prefix"),
                reader.Require<bool>("tokenizer.ggml.add_bos_token"),
                reader.Require<bool>("tokenizer.ggml.add_eos_token")));
        Assert.Equal("llama", reader.Require<string>("tokenizer.ggml.model"));
        Assert.Equal("{{ x }}", reader.Require<string>("tokenizer.chat_template"));
    }

    [Fact]
    public void Write_AddedTokenWithoutARowInTheModel_LeavesItOutAndSaysSo()
    {
        var json = SentencePiece();
        Prepare(json.ToJsonString(), """{ "bos_token": "<s>", "eos_token": "</s>" }""");
        var size = Tokenizer.Load(_folder.Path).VocabularySize;
        json["added_tokens"]!.AsArray().Add(JsonNode.Parse($$"""{ "id": {{size}}, "content": "<spare>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true }"""));
        Prepare(json.ToJsonString(), """{ "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<spare>" }""");
        _folder.Write("config.json", $$"""{ "vocab_size": {{size}} }""");

        var (_, losses) = Through(size);

        using var reader = GgufFile.Open(_folder["t.gguf"]);
        Assert.Equal(size, reader.Require<string[]>("tokenizer.ggml.tokens").Length);
        Assert.False(reader.TryGet<uint>("tokenizer.ggml.padding_token_id", out _));
        Assert.Contains(losses, loss => loss.Contains("'<spare>' is left out", StringComparison.Ordinal));
    }

    private const string Qwen =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [Theory]
    [InlineData("", true, false, "gpt-2")]
    [InlineData(@"\p{N}", true, false, "smollm")]
    [InlineData(Qwen, false, false, "qwen2")]
    [InlineData(Llama3, false, true, "llama-bpe")]
    [InlineData(Llama3, false, false, "smaug-bpe")]
    public void Write_ByteLevel_FindsLlamaCppsNameAndEncodesAlike(string pattern, bool words, bool ignoreMerges, string name)
    {
        Prepare(ByteLevel(pattern, words, ignoreMerges), Settings);

        var (written, _) = Through();

        using var reader = GgufFile.Open(_folder["t.gguf"]);
        Assert.Equal(name, reader.Require<string>("tokenizer.ggml.pre"));
        var training = Tokenizer.Load(_folder.Path);
        Prop.ForAll(_anyText, text => training.Encode(text).SequenceEqual(written.Encode(text))).Check(_seeded);
    }

    public static TheoryData<string, Func<string>, string> Refused => new()
    {
        { "found \\d then ByteLevel words", () => ByteLevel(@"\d", true, false), Settings },
        { "with ignore_merges", () => ByteLevel("", true, ignoreMerges: true), Settings },
        { "names a token that ends a text", () => ByteLevel("", true, false), "{}" },
        { "'▁' and 'ab' to the token '▁ab'", () => TokenizerFixtures.SentencePiece().ToJsonString(), Settings },
        { "stand between each other", () => SentencePiece(merges => merges.Add("▁ ab")).ToJsonString(), Settings },
        { "<0xFF> is missing", () => SentencePiece().ToJsonString().Replace("0xFF", "0xQQ", StringComparison.Ordinal), Settings },
        { "this normalizer or pre-tokenizer", () => SentencePiece().ToJsonString().Replace(
            "\"Prepend\",\"prepend\":\"\\u2581\"", "\"Strip\"", StringComparison.Ordinal), Settings },
        { "normalizer Strip", () => ByteLevel("", true, false).Replace(
            "\"normalizer\":null", "\"normalizer\":{\"type\":\"Strip\"}", StringComparison.Ordinal), Settings },
        { "model type Unigram has no form in GGUF", () => """{"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["<s>",0],["</s>",0]]}}""", Settings },
        { "model type WordLevel has no form in GGUF", () => """{"model":{"type":"WordLevel","unk_token":"<s>","vocab":{"<s>":0,"</s>":1}}}""", Settings },
        { "end_of_word_suffix '</w>' has no form in GGUF", () => ByteLevel("", true, false).Replace(
            "\"merges\"", "\"end_of_word_suffix\":\"</w>\",\"merges\"", StringComparison.Ordinal), Settings },
        { "normalizer NFKC", () => ByteLevel("", true, false).Replace(
            "\"normalizer\":null", "\"normalizer\":{\"type\":\"NFKC\"}", StringComparison.Ordinal), Settings },
        { "found Punctuation then ByteLevel words", () => ByteLevel("", true, false).Replace(
            "\"pretokenizers\":[", "\"pretokenizers\":[{\"type\":\"Punctuation\"},", StringComparison.Ordinal), Settings },
        { "2 tokens stand in front of a text", () => TwoInFront(), Settings },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Write_WhatLlamaCppWouldEncodeOtherwise_IsRefused(string expected, Func<string> json, string settings)
    {
        ArgumentNullException.ThrowIfNull(json);
        Prepare(json(), settings);

        var error = Assert.Throws<ConfigException>(() => Through());

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_BeginTokenThatIsNamedButNotAdded_IsNamedInTheFileAndNotAdded()
    {
        var json = JsonNode.Parse(ByteLevel("", true, false))!;
        json["post_processor"] = null;
        Prepare(json.ToJsonString(), Settings);

        Through();

        using var reader = GgufFile.Open(_folder["t.gguf"]);
        Assert.Equal(
            (0u, false), (reader.Require<uint>("tokenizer.ggml.bos_token_id"), reader.Require<bool>("tokenizer.ggml.add_bos_token")));
    }

    [Fact]
    public void Write_BeginTokenThatIsAddedButNotNamed_IsTheFilesBeginToken()
    {
        Prepare(ByteLevel("", true, false), """{ "eos_token": "</s>" }""");

        Through();

        using var reader = GgufFile.Open(_folder["t.gguf"]);
        Assert.Equal(
            (0u, true), (reader.Require<uint>("tokenizer.ggml.bos_token_id"), reader.Require<bool>("tokenizer.ggml.add_bos_token")));
    }

    [Fact]
    public void Write_SeveralEnds_NamesThreeAndTellsOfTheRest()
    {
        Prepare(ByteLevel("", true, false), Settings);
        _folder.Write("generation_config.json", """{ "eos_token_id": [7, 1, 8, 9] }""");

        var (_, losses) = Through();

        using var reader = GgufFile.Open(_folder["t.gguf"]);
        uint Id(string name) => reader.Require<uint>($"tokenizer.ggml.{name}_token_id");
        Assert.Equal((1u, 7u, 8u), (Id("eos"), Id("eot"), Id("eom")));
        Assert.Contains(losses, loss => loss.Contains("(id 9)", StringComparison.Ordinal));
        Assert.DoesNotContain(losses, loss => loss.Contains("(id 8)", StringComparison.Ordinal));
    }

    [Fact]
    public void Write_MetaspaceWithABlankInFront_NamesTheDifference()
    {
        var json = SentencePiece();
        json["normalizer"] = null;
        json["pre_tokenizer"] = JsonNode.Parse("""{ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false }""");
        Prepare(json.ToJsonString(), Settings);

        var (written, losses) = Through();

        Assert.Contains("begins with one", Assert.Single(losses), StringComparison.Ordinal);
        var training = Tokenizer.Load(_folder.Path);
        Assert.Equal(training.Encode("a ab"), written.Encode("a ab"));
        Assert.NotEqual(training.Encode(" a"), written.Encode(" a"));
    }

    private void Prepare(string tokenizer, string settings)
    {
        _folder.Write("tokenizer.json", tokenizer);
        _folder.Write("tokenizer_config.json", settings);
    }

    /// <summary>The tokenizer as it comes out of a file.</summary>
    private (GgufTokenizer Tokenizer, IReadOnlyList<string> Losses) Through(int? vocabularySize = null)
    {
        var metadata = new GgufMetadata();
        var losses = GgufTokenizerExport.Write(metadata, _folder.Path, vocabularySize ?? Tokenizer.Load(_folder.Path).VocabularySize);
        GgufWriter.Write(_folder["t.gguf"], metadata, []);
        using var reader = GgufFile.Open(_folder["t.gguf"]);
        return (GgufTokenizer.From(reader), losses);
    }

    /// <summary>The fixture with every pair whose union is a token in its merges, as those made from SentencePiece models have.</summary>
    private static JsonObject SentencePiece(Action<JsonArray>? change = null)
    {
        var json = TokenizerFixtures.SentencePiece();
        var merges = json["model"]!["merges"]!.AsArray();
        if (change is null)
        {
            merges.Insert(4, "▁ ab");
        }
        else
        {
            change(merges);
        }

        return json;
    }

    private static string ByteLevel(string pattern, bool words, bool ignoreMerges)
    {
        var json = JsonNode.Parse(ByteLevelBpeTrainer.Train(TokenizerFixtures.Texts, new BpeTrainingOptions { VocabularySize = 320 }))!;
        var stages = new JsonArray(JsonNode.Parse($$"""{ "type": "ByteLevel", "add_prefix_space": false, "use_regex": {{(words ? "true" : "false")}} }"""));
        if (pattern.Length > 0)
        {
            stages.Insert(0, new JsonObject
            {
                ["type"] = "Split",
                ["pattern"] = new JsonObject { ["Regex"] = pattern },
                ["behavior"] = "Isolated",
                ["invert"] = false,
            });
        }

        json["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = stages };
        json["model"]!["ignore_merges"] = ignoreMerges;
        return json.ToJsonString();
    }

    private static string TwoInFront()
    {
        var json = JsonNode.Parse(ByteLevel("", true, false))!;
        var single = json["post_processor"]!["single"]!.AsArray();
        single.Insert(0, single[0]!.DeepClone());
        return json.ToJsonString();
    }

    private static int[] Ids(JsonElement line, string name) => [.. line.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    private static bool IsNamed(string text, IReadOnlyList<string> losses) =>
        (
            losses.Any(loss =>
                loss.Contains("NFC", StringComparison.Ordinal)) && text.EnumerateRunes().Any(rune =>
                    rune.Value is >= 0x300 and < 0x370))
        || (losses.Any(loss => loss.Contains("<mask>", StringComparison.Ordinal)) && text.Contains("<mask>", StringComparison.Ordinal));
}
