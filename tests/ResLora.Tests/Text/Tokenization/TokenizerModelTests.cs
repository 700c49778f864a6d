using System.Globalization;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>What the models make of words; the expectations are values of tokenizers 0.23.1.</summary>
public class TokenizerModelTests
{
    [Theory]
    [InlineData("aaa", "aa a")]
    [InlineData("aaaa", "aa aa")]
    [InlineData("aaaaa", "aa aa a")]
    public void Bpe_EqualRanks_AreJoinedFromTheLeft(string text, string expected) =>
        Assert.Equal(expected, Tokens(Bpe(["a", "aa"], ["a a"]), text));

    [Theory]
    [InlineData("ab", "ab</w>")]
    [InlineData("abc", "abc</w>")]
    [InlineData("a", "a</w>")]
    [InlineData("cab", "c ##a ##b</w>")]
    [InlineData("axb", "a <unk> ##b</w>")]
    [InlineData("abcab", "ab ##c ##a ##b</w>")]
    public void Bpe_PrefixAndSuffix_DressTheCharacters(string text, string expected)
    {
        var model = Bpe(
            ["<unk>", "a", "b", "c", "##a", "##b", "##c", "a</w>", "##b</w>", "##c</w>", "ab", "##bc", "ab</w>", "abc</w>", "##bc</w>"],
            ["a ##b</w>", "a ##b", "##b ##c</w>", "ab ##c</w>"]);
        (model["unk_token"], model["continuing_subword_prefix"], model["end_of_word_suffix"]) = ("<unk>", "##", "</w>");

        Assert.Equal(expected, Tokens(model, text));
    }

    [Theory]
    [InlineData(false, "aéa", "a <0xC3> <0xA9> a")]
    [InlineData(false, "日éa", "<0xC3> <0xA9> <unk> a")] // the unknown token waits for the next known character
    [InlineData(false, "日日é日a", "<unk> <0xC3> <0xA9> <unk> <unk> a")]
    [InlineData(true, "日日é日a", "<0xC3> <0xA9> <unk> a")]
    [InlineData(true, "a日", "a <unk>")]
    public void Bpe_ByteThatIsMissing_MakesTheCharacterUnknown(bool fuse, string text, string expected)
    {
        var model = Bpe(["<unk>", "a", .. Enumerable.Range(0, 256).Where(value => value != 0xE6).Select(Byte)], []);
        (model["unk_token"], model["byte_fallback"], model["fuse_unk"]) = ("<unk>", true, fuse);

        Assert.Equal(expected, Tokens(model, text));
    }

    [Theory]
    [InlineData(false, "abc", "a bc")]         // -4.25; ab c is -6
    [InlineData(false, "abab", "ab ab")]
    [InlineData(false, "aXYb", "a <unk> b")]   // unknown neighbours are one
    [InlineData(false, "<unk>a", "<unk> a")]
    [InlineData(false, "😀x😀", "😀x <unk>")]
    [InlineData(false, "ßa", "<unk> a")]
    [InlineData(true, "ßa", "<0xC3> <0x9F> a")]
    [InlineData(true, "日a", "<unk> a")]        // not all of its bytes are there
    [InlineData(true, "abcabc", "a bc a bc")]
    public void Unigram_TakesThePiecesWithTheHighestSum(bool byteFallback, string text, string expected)
    {
        var model = Unigram(unknown: 0);
        model["byte_fallback"] = byteFallback;

        Assert.Equal(expected, Tokens(model, text));
    }

    [Fact]
    public void Unigram_NoUnknownToken_RefusesOnlyTextsThatNeedOne()
    {
        Assert.Equal("a bc", Tokens(Unigram(unknown: null), "abc"));

        var error = Assert.Throws<FileFormatException>(() => Tokens(Unigram(unknown: null), "aX"));

        Assert.Contains("the text holds 'X', which the vocabulary lacks", error.Message, StringComparison.Ordinal);
    }

    /// <summary>As in the library, which reads such files and refuses texts; byte-level vocabularies lack nothing.</summary>
    [Theory]
    [InlineData("""{"type":"BPE","unk_token":"?","vocab":{"a":0,"b":1},"merges":[]}""", "ab")]
    [InlineData("""{"type":"WordPiece","unk_token":"?","vocab":{"a":0,"##b":1}}""", "ab")]
    [InlineData("""{"type":"WordLevel","unk_token":"?","vocab":{"ab":0}}""", "ab")]
    public void Model_UnknownTokenThatIsMissing_RefusesOnlyTextsThatNeedIt(string model, string known)
    {
        var tokenizer = Load(JsonNode.Parse(model)!);

        Assert.NotEmpty(tokenizer.Encode(known));
        var error = Assert.Throws<FileFormatException>(() => tokenizer.Encode("aX"));

        Assert.Contains(
            "which the vocabulary lacks, and the unknown token '?' is not in it either", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unigram_LongText_IsCutInOnePass()
    {
        const int times = 200_000;

        var tokens = Load(Unigram(unknown: 0)).Encode(string.Concat(Enumerable.Repeat("ab", times)));

        Assert.Equal(times, tokens.Count);
    }

    [Fact]
    public void WordLevel_KnowsWholeWordsOnly()
    {
        var model = JsonNode.Parse("""{"type":"WordLevel","unk_token":"<unk>","vocab":{"<unk>":0,"cat":1,"dog":2}}""")!;

        Assert.Equal([1, 0, 2, 0], Load(model, """{"type":"Whitespace"}""").Encode("cat bird dog!"));
    }

    [Theory]
    [InlineData(true, "a foo bar bar")]   // "Baz" is special; "BAR" is as well, but is decoded as "bar", which is no special token's name
    [InlineData(false, "a foo bar Baz bar")]
    public void Decode_AddedTokenThatTheNormalizerChanges_GivesWhatStoodInTheNormalizedText(bool skipSpecial, string expected)
    {
        var json = new JsonObject
        {
            ["added_tokens"] = JsonNode.Parse("""
                [{"id":2,"content":"FOO","normalized":true,"special":false},{"id":3,"content":"BAR","normalized":true,"special":true},{"id":4,"content":"Baz","normalized":false,"special":true}]
                """),
            ["normalizer"] = JsonNode.Parse("""{"type":"Lowercase"}"""),
            ["pre_tokenizer"] = JsonNode.Parse("""{"type":"WhitespaceSplit"}"""),
            ["model"] = JsonNode.Parse("""{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"a":1}}"""),
        };
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());

        var ids = tokenizer.Encode("a Foo bar Baz BAR");

        Assert.Equal([1, 2, 3, 4, 3], ids);
        Assert.Equal(expected, tokenizer.Decode(ids, skipSpecial));
    }

    [Fact]
    public void Decode_WordEnds_BecomeBlanksButTheLast()
    {
        var model = Bpe(["he", "llo</w>", "wor", "ld</w>"], []);
        var tokenizer = TokenizerFixtures.Load(new JsonObject { ["model"] = model, ["decoder"] = JsonNode.Parse("""{"type":"BPEDecoder","suffix":"</w>"}""") }.ToJsonString());

        Assert.Equal("hello world", tokenizer.Decode([0, 1, 2, 3]));
        Assert.Equal("", tokenizer.Decode([]));
    }

    private static string Tokens(JsonNode model, string text)
    {
        var tokenizer = Load(model);
        return string.Join(' ', tokenizer.Encode(text).Select(tokenizer.TokenOf));
    }

    private static Tokenizer Load(JsonNode model, string? preTokenizer = null) =>
        TokenizerFixtures.Load(new JsonObject { ["model"] = model, ["pre_tokenizer"] = preTokenizer is null ? null : JsonNode.Parse(preTokenizer) }.ToJsonString());

    private static JsonObject Bpe(string[] tokens, string[] merges) => new()
    {
        ["type"] = "BPE",
        ["vocab"] = new JsonObject(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
        ["merges"] = new JsonArray([.. merges.Select(merge => JsonValue.Create(merge))]),
    };

    private static JsonObject Unigram(int? unknown) => new()
    {
        ["type"] = "Unigram",
        ["unk_id"] = unknown,
        ["vocab"] = JsonNode.Parse("""
            [["<unk>",0],["a",-1],["b",-2],["ab",-2.5],["abc",-9],["c",-3.5],["bc",-3.25],["é",-4],["<0xC3>",-20],["<0x9F>",-20],["😀x",-3],["xy",-2]]
            """),
    };

    private static string Byte(int value) => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");
}
