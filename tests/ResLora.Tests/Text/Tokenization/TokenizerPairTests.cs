using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>Pairs of texts and what is cut of them.</summary>
public class TokenizerPairTests
{
    private const string Roberta = """{"type":"RobertaProcessing","cls":["<s>",1],"sep":["</s>",2]}""";

    [Fact]
    public void EncodeTexts_RobertasPair_HasTwoSeparatorsAndOneType()
    {
        var tokenizer = Load(Roberta);

        var encoding = tokenizer.EncodeTexts("a", "b");

        Assert.Equal([1, .. Plain(tokenizer, "a"), 2, 2, .. Plain(tokenizer, "b"), 2], encoding.Ids);
        Assert.All(encoding.TypeIds, type => Assert.Equal(0, type));
        Assert.Equal(encoding.Ids.Length, encoding.TypeIds.Length);
    }

    [Fact]
    public void EncodeTexts_Template_PutsTokensAndTypesWhereItSays()
    {
        var tokenizer = Load("""
            {"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"e","type_id":0}}],
             "pair":[{"Sequence":{"id":"B","type_id":3}},{"SpecialToken":{"id":"e","type_id":2}},{"Sequence":{"id":"A","type_id":1}}],
             "special_tokens":{"e":{"id":"e","ids":[2,1],"tokens":["</s>","<s>"]}}}
            """);

        var encoding = tokenizer.EncodeTexts("a", "b");

        var (a, b) = (Plain(tokenizer, "a"), Plain(tokenizer, "b"));
        Assert.Equal([.. b, 2, 1, .. a], encoding.Ids);
        Assert.Equal([.. b.Select(_ => 3), 2, 2, .. a.Select(_ => 1)], encoding.TypeIds);
    }

    [Fact]
    public void EncodeTexts_TemplateWithoutAPair_IsRefusedForAPairOnly()
    {
        var tokenizer = TokenizerFixtures.Load(TokenizerFixtures.SentencePiece().ToJsonString());

        var error = Assert.Throws<FileFormatException>(() => tokenizer.EncodeTexts("a", "b"));

        Assert.Contains("does not say how a pair of texts is put together", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(tokenizer.EncodeTexts("a").Ids);
    }

    /// <summary>
    /// The rule of Hugging Face's tokenizers library, which is not symmetric: of two equal texts the second keeps the odd token.
    /// </summary>
    [Theory]
    [InlineData(Truncation.LongestFirst, 10, 3, 8, 5, 3)]
    [InlineData(Truncation.LongestFirst, 3, 10, 8, 3, 5)]
    [InlineData(Truncation.LongestFirst, 5, 5, 9, 4, 5)]
    [InlineData(Truncation.LongestFirst, 6, 5, 9, 5, 4)]
    [InlineData(Truncation.LongestFirst, 9, 9, 4, 2, 2)]
    [InlineData(Truncation.LongestFirst, 2, 3, 8, 2, 3)]
    [InlineData(Truncation.OnlyFirst, 10, 3, 8, 5, 3)]
    [InlineData(Truncation.OnlySecond, 3, 10, 8, 3, 5)]
    public void EncodeTexts_TooLongAPair_IsCutAsAsked(Truncation truncation, int first, int second, int room, int keptFirst, int keptSecond)
    {
        var tokenizer = WordPieceTests.Load();

        var encoding = tokenizer.EncodeTexts(Words("the", first), Words("un", second), room + 3, truncation);

        Assert.Equal((keptFirst, keptSecond), (encoding.Ids.Count(id => id == 9), encoding.Ids.Count(id => id == 5)));
        Assert.Equal(3, encoding.Ids.Count(tokenizer.IsSpecial));
    }

    /// <summary>
    /// tokenizers 0.23.1 first stops each text behind the word that reaches the limit (10), so that the odd token goes to the second of two
    /// that are equal by then. Added tokens do not stop it. Values of that library.
    /// </summary>
    [Theory]
    [InlineData("the", 20, "un", 15, 3, 4)]
    [InlineData("the", 15, "un", 20, 3, 4)]
    [InlineData("the", 20, "un", 9, 4, 3)]
    [InlineData("the", 20, "unaffable", 5, 3, 4)]  // 10 and 12
    [InlineData("unaffable", 5, "the", 20, 4, 3)]  // 12 and 10
    [InlineData("[MASK]", 12, "the", 13, 4, 3)]    // 12 and 10
    [InlineData("un", 30, "the", 3, 4, 3)]
    public void EncodeTexts_BothLongerThanTheLimit_AreCutLikeHuggingFace(
        string first, int firstCount, string second, int secondCount, int kept, int keptSecond)
    {
        var encoding = WordPieceTests.Load().EncodeTexts(Words(first, firstCount), Words(second, secondCount), maxLength: 10);

        Assert.Equal((kept, keptSecond), (encoding.TypeIds.Count(type => type == 0) - 2, encoding.TypeIds.Count(type => type == 1) - 1));
        var all = (first == "unaffable" ? 3 * firstCount : firstCount) + (second == "unaffable" ? 3 * secondCount : secondCount);
        Assert.Equal(all - kept - keptSecond, encoding.Cut);
    }

    /// <summary>Values of tokenizers 0.23.1 with the direction left.</summary>
    [Theory]
    [InlineData("the the the the the the the the unaffable unaffable unaffable", "the the the the the the the the the the", "[CLS] un ##aff ##able [SEP] the the the the [SEP]")]
    [InlineData("unaffable unaffable unaffable unaffable", "the the the the the the the the the the", "[CLS] ##able un ##aff ##able [SEP] the the the [SEP]")]
    [InlineData("un the [MASK]", "the", "[CLS] un the [MASK] [SEP] the [SEP]")]
    public void EncodeTexts_TruncationSideLeft_KeepsTheEnds(string first, string second, string expected)
    {
        var tokenizer = LeftSided("""{ "truncation_side": "left" }""");

        var encoding = tokenizer.EncodeTexts(first, second, maxLength: 10);

        Assert.Equal(expected, string.Join(' ', encoding.Ids.Select(tokenizer.TokenOf)));
    }

    [Fact]
    public void Load_TruncationSideThatIsUnknown_SaysWhichAreKnown()
    {
        var error = Assert.Throws<FileFormatException>(() => LeftSided("""{ "truncation_side": "top" }"""));

        Assert.Contains("truncation_side: the side 'top' is unknown (known: left, right)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EncodeTexts_TooLongAText_KeepsItsBeginningAndTheSpecialTokens()
    {
        var encoding = WordPieceTests.Load().EncodeTexts("the cafe ! the", maxLength: 4);

        Assert.Equal([2, 9, 11, 3], encoding.Ids);
    }

    [Theory]
    [InlineData(Truncation.OnlyFirst, 8, "has 5 tokens too many, and the one to be cut (the first) has 3")]
    [InlineData(Truncation.OnlySecond, 5, "has 8 tokens too many, and the one to be cut (the second) has 7")]
    [InlineData(Truncation.LongestFirst, 3, "leaves room for 0 tokens")]
    public void EncodeTexts_NoRoomThatWay_SaysSo(Truncation truncation, int maxLength, string part)
    {
        var error = Assert.Throws<ConfigException>(
            () => WordPieceTests.Load().EncodeTexts(Words("the", 3), Words("un", 7), maxLength, truncation));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    private static Tokenizer Load(string postProcessor)
    {
        var json = TokenizerFixtures.SentencePiece();
        json["post_processor"] = System.Text.Json.Nodes.JsonNode.Parse(postProcessor);
        return TokenizerFixtures.Load(json.ToJsonString());
    }

    // Every "unaffable" is three pieces.
    private static Tokenizer LeftSided(string config)
    {
        using var folder = new TemporaryFolder(
            ("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##aff\n##able\nthe\n"), ("tokenizer_config.json", config));
        return Tokenizer.Load(folder.Path);
    }

    private static int[] Plain(Tokenizer tokenizer, string text) => [.. tokenizer.Encode(text, addSpecialTokens: false)];

    private static string Words(string word, int count) => string.Join(' ', Enumerable.Repeat(word, count));
}
