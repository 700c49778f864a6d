using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>
/// A small vocabulary in the older files: 512 characters, the second half with the end of a word; <c>ca</c>, <c>cat&lt;/w&gt;</c>; the two
/// tokens around a text.
/// </summary>
public sealed class ClipTokenizerTests
{
    private const int Begin = 514;
    private const int End = 515;
    private const int Cat = 513;
    private const string Named = """ "bos_token":"<|startoftext|>","eos_token":"<|endoftext|>","unk_token":"<|endoftext|>" """;
    private const string Config = $$"""{"tokenizer_class":"CLIPTokenizer","model_max_length":6,"pad_token":"<|endoftext|>",{{Named}}}""";

    // As published folders have it: what is not only a name is looked for behind lower-casing.
    private const string Map = """
        {"bos_token":{"content":"<|startoftext|>","normalized":true},"eos_token":{"content":"<|endoftext|>","normalized":true},
         "unk_token":{"content":"<|endoftext|>","normalized":true},"pad_token":"<|endoftext|>"}
        """;

    [Theory]
    [InlineData("", "514 515 515 515 515 515")]
    [InlineData("cat", "514 513 515 515 515 515")]
    [InlineData("  CaT\n\tcat ", "514 513 513 515 515 515")]
    [InlineData("cat cat cat cat", "514 513 513 513 513 515")]
    [InlineData("cat cat cat cat cat", "514 513 513 513 513 515")]
    public void Encode_AnyText_IsCutOrFilledUp(string text, string ids)
    {
        var tokenizer = Load(Config);

        Assert.Equal(ids, string.Join(' ', tokenizer.Encode(text)));
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("cat", 3)]
    [InlineData("cats", 5)]                  // ca, t and s</w>
    [InlineData("cat cat cat cat cat cat", 8)]
    public void Count_AnyText_IsOfAllOfIt(string text, int count)
    {
        var tokenizer = Load(Config);
        var whole = tokenizer.EncodeWhole(text);

        Assert.Equal(count, tokenizer.Count(text));
        Assert.Equal(tokenizer.Count(text), whole.Count);
        Assert.Equal((Begin, End), (whole[0], whole[^1]));
        Assert.DoesNotContain(End, whole.Skip(1).SkipLast(1));
    }

    [Fact]
    public void Load_OfTheOlderFiles_KnowsTheTokensAroundAText()
    {
        var tokenizer = Load(Config);

        Assert.Equal((Begin, End, End, 6), (tokenizer.BeginId, tokenizer.EndId, tokenizer.PadId, tokenizer.Length));
        Assert.Equal(("cat</w>", 516), (tokenizer.TokenOf(Cat), tokenizer.VocabularySize));
    }

    [Fact]
    public void Load_WithoutATokenizerClass_KnowsTheVocabulary()
    {
        var tokenizer = Load(Config.Replace("\"tokenizer_class\":\"CLIPTokenizer\",", "", StringComparison.Ordinal));

        Assert.Equal([Begin, Cat, End, End, End, End], tokenizer.Encode("CAT"));
    }

    /// <summary>The older file names the sign <c>!</c>, which then is a token wherever it stands.</summary>
    [Fact]
    public void Load_PaddingOfBothFiles_TheOlderOneCounts()
    {
        var tokenizer = Load(Config, ("special_tokens_map.json", $$"""{"pad_token":"!",{{Named}}}"""));

        Assert.Equal(0, tokenizer.PadId);
        Assert.Equal([Begin, Cat, 0, Cat, End, 0], tokenizer.Encode("cat!cat"));
    }

    /// <summary>With the newer list of added tokens tokenizer_config.json alone counts.</summary>
    [Fact]
    public void Load_PaddingOfBothFilesWithAListOfAddedTokens_TheConfigCounts()
    {
        const string listed = """
            "added_tokens_decoder":{"514":{"content":"<|startoftext|>","special":true},"515":{"content":"<|endoftext|>","special":true}}
            """;
        var config = $"{Config[..^1]},{listed}}}";

        var tokenizer = Load(config, ("special_tokens_map.json", $$"""{"pad_token":"!",{{Named}}}"""));

        Assert.Equal(End, tokenizer.PadId);
        Assert.Equal(5, tokenizer.Count("cat!cat"));
        Assert.NotEqual(0, tokenizer.EncodeWhole("cat!cat")[2]);
    }

    /// <summary>As transformers 5.24.0 has it: the last of the names of a token says where it is looked for.</summary>
    [Theory]
    [InlineData("<|startoftext|>", "514 514 515")]
    [InlineData("<|STARTOFTEXT|>", "514 514 515")]
    [InlineData("<|endoftext|>", "514 515 515")]
    [InlineData("a<|endoftext|>b", "514 320 515 321 515")]
    public void EncodeWhole_SpecialTokensInTheText_AreFound(string text, string ids)
    {
        var tokenizer = Load(Config, ("special_tokens_map.json", Map));

        Assert.Equal(ids, string.Join(' ', tokenizer.EncodeWhole(text)));
    }

    [Fact]
    public void EncodeWhole_EndTokenInCapitals_IsText()
    {
        var tokenizer = Load(Config, ("special_tokens_map.json", Map));

        Assert.DoesNotContain(End, tokenizer.EncodeWhole("<|ENDOFTEXT|>").Skip(1).SkipLast(1));
    }

    [Fact]
    public void EncodeWhole_TokensThatWereAdded_AreFoundAfterLowerCasing()
    {
        var tokenizer = Load(Config, ("added_tokens.json", """{"<cat-toy>":516}"""));

        Assert.Equal([Begin, Cat, 516, Cat, End], tokenizer.EncodeWhole("cat<CAT-toy>cat"));
        Assert.Equal(517, tokenizer.VocabularySize);
    }

    [Theory]
    [InlineData("1e30", 77, 77)]
    [InlineData("1000000000000000019884624838656", 40, 40)]
    [InlineData("null", 12, 12)]
    [InlineData("6", 77, 6)]
    [InlineData("77", 77, 77)]
    [InlineData("50", null, 50)]
    public void Load_LengthOfTheFileOrOfTheEncoder_IsTaken(string written, int? positions, int length)
    {
        var tokenizer = Load(WithLength(written), positions);

        Assert.Equal(length, tokenizer.Length);
        Assert.Equal(length, tokenizer.Encode("cat").Length);
    }

    [Theory]
    [InlineData("1e30", null, "max_position_embeddings is not known")]
    [InlineData("null", null, "names no model_max_length")]
    [InlineData("1e30", 2, "max_position_embeddings is 2")]
    [InlineData("78", 77, "model_max_length: found 78, but the text encoder takes 77 tokens")]
    [InlineData("2", null, "model_max_length: found 2, expected 3 or more")]
    [InlineData("-1", 77, "model_max_length: found -1, expected 3 or more")]
    [InlineData("7.5", 77, "model_max_length: found 7.5, expected a whole number")]
    [InlineData("\"77\"", 77, "model_max_length: found \"77\", expected a number")]
    public void Load_LengthThatCannotBe_IsRefused(string written, int? positions, string part)
    {
        var error = Assert.Throws<FileFormatException>(() => Load(WithLength(written), positions));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FillingUpOnTheLeft_IsRefused()
    {
        var error = Assert.Throws<FileFormatException>(() => Load(Config[..^1] + ",\"padding_side\":\"left\"}"));

        Assert.Contains("padding_side: the side 'left' is not supported", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TokenizerOfAnotherKind_IsRefused()
    {
        using var folder = new TemporaryFolder(
            ("tokenizer.json", TokenizerFixtures.SentencePiece().ToJsonString()), ("tokenizer_config.json", """{"model_max_length":77}"""));

        var error = Assert.Throws<FileFormatException>(() => ClipTokenizer.Load(folder.Path));

        Assert.Contains("1 tokens in front of a text and 0 behind it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SpecialTokenThatIsMissing_IsNamed()
    {
        var config = Config.Replace("\"pad_token\":\"<|endoftext|>\"", "\"pad_token\":\"<pad>\"", StringComparison.Ordinal);

        var error = Assert.Throws<FileFormatException>(() => Load(config));

        Assert.Contains("the token '<pad>' is missing, which the files beside it call pad_token", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TextsCutOnTheLeft_KeepTheirEnd()
    {
        var tokenizer = Load(Config[..^1] + ",\"truncation_side\":\"left\"}");

        Assert.Equal([Begin, Cat, Cat, Cat, 320, End], tokenizer.Encode("b b cat cat cat a"));
    }

    private static string WithLength(string written) =>
        Config.Replace("\"model_max_length\":6", $"\"model_max_length\":{written}", StringComparison.Ordinal);

    private static ClipTokenizer Load(string config, params (string Name, string Content)[] others) => Load(config, null, others);

    private static ClipTokenizer Load(string config, int? positions, params (string Name, string Content)[] others)
    {
        (string, string)[] own =
            [("vocab.json", Vocabulary()), ("merges.txt", "#version: 0.2\nc a\nca t</w>\n"), ("tokenizer_config.json", config)];
        using var folder = new TemporaryFolder([.. own, .. others]);
        return ClipTokenizer.Load(folder.Path, positions);
    }

    // The order of the alphabet of bytes: printable characters first, so that ! is 0 and a is 64; with the end of a word 256 more.
    private static string Vocabulary()
    {
        var printable = Enumerable.Range('!', 94).Concat(Enumerable.Range(0xA1, 12)).Concat(Enumerable.Range(0xAE, 82)).ToArray();
        var signs = printable.Concat(Enumerable.Range(0x100, 256 - printable.Length)).Select(sign => ((char)sign).ToString()).ToArray();
        string[] tokens = [.. signs, .. signs.Select(sign => sign + "</w>"), "ca", "cat</w>", "<|startoftext|>", "<|endoftext|>"];
        return new JsonObject(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))).ToJsonString();
    }
}
