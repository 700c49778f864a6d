using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Gguf;
using ResLora.Text.Tokenization;
using ResLora.Text.Tokenization.Gguf;
using Xunit;
using Folder = ResLora.Tests.Support.TemporaryFolder;

namespace ResLora.Tests.Text.Tokenization.Gguf;

/// <summary>
/// The tokenizer of a GGUF file as files of a folder: the ids are llama.cpp's, and what does not fit is refused by its key.
/// </summary>
public sealed class GgufTokenizerImportTests : IDisposable
{
    private const string Keys = "tokenizer.ggml.";

    private static readonly string[] _bytes = [.. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")];

    // One character a byte, as the byte-level tokenizers write them.
    private static readonly string[] _letters =
    [
        .. Enumerable.Range(0x21, 0x5E).Concat(Enumerable.Range(0xA1, 12)).Concat(Enumerable.Range(0xAE, 82)).Concat(Enumerable.Range(0x100,
            68))
            .Select(code => ((char)code).ToString()),
    ];

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gpt-2", "1234", "x|.|y")]
    [InlineData("smollm", "1|2|3|4", "x|.|y")]
    [InlineData("qwen2", "1|2|3|4", "x|.y")]
    [InlineData("llama-bpe", "123|4", "x|.y")]
    [InlineData("smaug-bpe", "123|4", "x|.y")]
    [InlineData("default", "123|4", "x|.|y")]
    [InlineData(null, "123|4", "x|.|y")]
    [InlineData("falcon", "123|4", "x|.|y")]
    [InlineData("deepseek-llm", "1234", "x|.|y")]
    [InlineData("deepseek-coder", "1|2|3|4", "x|.|y")]
    [InlineData("deepseek-v3", "123|4", "x|.y")]
    [InlineData("tekken", "1|2|3|4", "x|.y")]
    [InlineData("gpt-4o", "123|4", "x|.y")]
    public void Encode_ByteLevel_CutsNumbersAndSignsAsTheNameSays(string? pre, string numbers, string signs)
    {
        var tokenizer = Load(ByteLevel(pre));

        Assert.Equal(numbers, Pieces(tokenizer, "1234"));
        Assert.Equal(signs, Pieces(tokenizer, "x.y"));
        Assert.Equal("1234 x.y", tokenizer.Decode(tokenizer.Encode("1234 x.y")));
    }

    [Theory]
    [InlineData("llama-bpe", true)]
    [InlineData("qwen2", false)]
    public void Encode_BeginToken_IsAddedAsTheNameOrTheKeySays(string pre, bool adds)
    {
        Assert.Equal(adds ? 1 : 0, Load(ByteLevel(pre)).Before.Count);
        Assert.Equal(adds ? 0 : 1, Load(ByteLevel(pre, metadata => metadata.Add(Keys + "add_bos_token", !adds))).Before.Count);
    }

    [Fact]
    public void Encode_WholeWordThatNoMergeMakes_IsTakenWhereMergesAreIgnored()
    {
        Assert.Equal("word", Pieces(Load(ByteLevel("llama-bpe")), "word"));
        Assert.Equal("w|o|r|d", Pieces(Load(ByteLevel("qwen2")), "word"));
    }

    [Theory]
    [InlineData("abc", "▁|ab|c")]      // equal scores: the leftmost pair
    [InlineData("bcd", "▁|b|cd")]      // the higher score goes first, though it is not the leftmost
    [InlineData("xy", "▁|xy")]         // x is no token, and is joined all the same
    [InlineData("é", "▁|<0xC3>|<0xA9>")]
    [InlineData(" a", "▁|▁|a")]
    public void Encode_Scores_JoinTheBestPairFirst(string text, string expected)
    {
        Assert.Equal(expected, Pieces(Load(Scored()), text));
    }

    [Fact]
    public void Encode_ScoredTokens_PutsABlankInFrontAndBehindEverySpecialToken()
    {
        var tokenizer = Load(Scored());

        Assert.Equal("<s>|▁|a|<tool>|▁|b|</s>|▁|c", Pieces(tokenizer, "a<tool>b</s>c", addSpecialTokens: true));
        Assert.Equal("a b", tokenizer.Decode(tokenizer.Encode("a b")));
    }

    [Fact]
    public void Encode_WithoutFindingSpecialTokens_TakesThemAsText()
    {
        var ids = Load(Scored()).Encode("a</s><tool>", findSpecialTokens: false);

        Assert.DoesNotContain(2, ids);
        Assert.Contains(Array.IndexOf(_scored, "<tool>"), ids);
    }

    [Fact]
    public void Encode_FileThatWantsNoBlankAndAnEndToken_HasBoth()
    {
        var tokenizer = Load(Scored(metadata =>
        {
            metadata.Add(Keys + "add_space_prefix", false);
            metadata.Add(Keys + "add_eos_token", true);
        }));

        Assert.Equal("<s>|a|</s>", Pieces(tokenizer, "a", addSpecialTokens: true));
        Assert.Equal(" a", tokenizer.Decode(tokenizer.Encode(" a")));
    }

    [Fact]
    public void TokenizerConfigJson_Templates_AreATextOrAListOfNames()
    {
        using var one = Open(Scored(metadata => metadata.Add("tokenizer.chat_template", "main")));
        Assert.Equal("main", Config(one).GetProperty("chat_template").GetString());
        one.Dispose();

        using var several = Open(Scored(metadata =>
        {
            metadata.Add("tokenizer.chat_template", "main");
            metadata.Add("tokenizer.chat_templates", ["tool_use"]);
            metadata.Add("tokenizer.chat_template.tool_use", "tools");
        }));
        Assert.Equal(
            ["default main", "tool_use tools"],
            Config(several).GetProperty("chat_template").EnumerateArray().Select(item =>
                $"{item.GetProperty("name")} {item.GetProperty("template")}"));
        Assert.Equal("</s>", Config(several).GetProperty("eos_token").GetString());
    }

    [Fact]
    public void Export_OfAnImportedTokenizer_WritesItsScoresAndName()
    {
        Load(Scored());
        var scored = new GgufMetadata();
        GgufTokenizerExport.Write(scored, _folder.Path, _scored.Length);
        using (var file = Open(scored))
        {
            Assert.Equal(Scores(), file.Require<float[]>(Keys + "scores"));
        }

        Load(ByteLevel("tekken"));
        var named = new GgufMetadata();
        GgufTokenizerExport.Write(named, _folder.Path, Tokenizer.Load(_folder.Path).VocabularySize);
        using var written = Open(named);
        Assert.Equal("tekken", written.Require<string>(Keys + "pre"));
    }

    public static TheoryData<string, Action<GgufMetadata>> Faults => new()
    {
        { "tokenizer.ggml.pre is 'gpt-77'", metadata => Add(metadata, "gpt2", ["a"], pre: "gpt-77") },
        { "tokenizer.ggml.model is 'bert'", metadata => Add(metadata, "bert", ["a"]) },
        { "'a' stands twice in tokenizer.ggml.tokens", metadata => Add(metadata, "llama", ["a", "b", "a"]) },
        { "1 entries in tokenizer.ggml.token_type", metadata => Add(metadata, "llama", ["a", "b"], types: [1]) },
        { "1 entries in tokenizer.ggml.scores", metadata => Add(metadata, "llama", ["a", "b", "c"], scores: [0]) },
        { "score of the token 1 in tokenizer.ggml.scores", metadata => Add(metadata, "llama", ["a", "b", "c"], scores: [0, float.NaN, 0]) },
        { "tokenizer.ggml.merges has 'a c'", metadata => Add(metadata, "gpt2", ["a", "b", "ab"], merges: ["a b", "a c"]) },
        { "tokenizer.ggml.merges has 'ab'", metadata => Add(metadata, "gpt2", ["a", "b", "ab"], merges: ["ab"]) },
        { "no key 'tokenizer.ggml.merges'", metadata => Add(metadata, "gpt2", ["a"]) },
        { "no key 'tokenizer.ggml.bos_token_id'", metadata => Add(metadata, "gpt2", ["a"], pre: "llama-bpe", merges: []) },
        { "tokenizer.ggml.bos_token_id is 9", metadata =>
            {
                Add(metadata, "llama", ["a", "b", "c"]);
                metadata.Add(Keys + "bos_token_id", 9u);
            }
        },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void TokenizerJson_KeysThatDoNotFit_AreRefusedByName(string named, Action<GgufMetadata> fill)
    {
        var metadata = new GgufMetadata();
        fill(metadata);
        using var file = Open(metadata);

        var error = Assert.ThrowsAny<ResLoraException>(() => GgufTokenizerImport.TokenizerJson(file));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    private static readonly string[] _scored =
        ["<unk>", "<s>", "</s>", .. _bytes, "▁", "a", "b", "c", "d", "y", "ab", "bc", "cd", "xy", "<tool>"];

    private static float[] Scores() => [.. _scored.Select(token => token is "cd" ? -1f : token.Length == 2 ? -5f : -9f)];

    private static GgufMetadata Scored(Action<GgufMetadata>? more = null)
    {
        var metadata = new GgufMetadata();
        int[] types = [.. _scored.Select((token, id) => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : token == "<tool>" ? 4 : 1)];
        Add(metadata, "llama", _scored, types: types, scores: Scores());
        more?.Invoke(metadata);
        return metadata;
    }

    private static GgufMetadata ByteLevel(string? pre, Action<GgufMetadata>? more = null)
    {
        string[] tokens = [.. _letters, "12", "123", "1234", ".y", "x.y", "word", "<s>", "</s>"];
        var metadata = new GgufMetadata();
        int[] types = [.. tokens.Select((_, id) => id >= tokens.Length - 2 ? 3 : 1)];
        Add(metadata, "gpt2", tokens, types, pre: pre, merges: ["1 2", "12 3", "123 4", ". y", "x .y"]);
        metadata.Add(Keys + "bos_token_id", (uint)tokens.Length - 2);
        metadata.Add(Keys + "eos_token_id", (uint)tokens.Length - 1);
        more?.Invoke(metadata);
        return metadata;
    }

    private static void Add(
        GgufMetadata metadata, string model, string[] tokens, int[]? types = null, float[]? scores = null, string? pre =
            null, string[]? merges = null)
    {
        metadata.Add(Keys + "model", model);
        metadata.Add(Keys + "tokens", tokens);
        if (types is not null)
        {
            metadata.Add(Keys + "token_type", types);
        }

        if (scores is not null)
        {
            metadata.Add(Keys + "scores", scores);
        }

        if (pre is not null)
        {
            metadata.Add(Keys + "pre", pre);
        }

        if (merges is not null)
        {
            metadata.Add(Keys + "merges", merges);
        }
    }

    private static string Pieces(Tokenizer tokenizer, string text, bool addSpecialTokens = false) =>
        string.Join('|', tokenizer.Encode(text, addSpecialTokens).Select(tokenizer.TokenOf));

    private static JsonElement Config(GgufFile file) => JsonDocument.Parse(GgufTokenizerImport.TokenizerConfigJson(file)).RootElement;

    private GgufFile Open(GgufMetadata metadata)
    {
        GgufWriter.Write(_folder["t.gguf"], metadata, []);
        return GgufFile.Open(_folder["t.gguf"]);
    }

    private Tokenizer Load(GgufMetadata metadata)
    {
        using var file = Open(metadata);
        _folder.Write("tokenizer.json", GgufTokenizerImport.TokenizerJson(file));
        _folder.Write("tokenizer_config.json", GgufTokenizerImport.TokenizerConfigJson(file));
        return Tokenizer.Load(_folder.Path);
    }
}
