using System.Text.Json.Nodes;
using Xunit;
using static ResLora.Tests.Text.Tokenization.WordFixtures;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>The stages before the model, seen through a vocabulary in which every word is one token.</summary>
public class TokenizerPipelineTests
{
    [Theory]
    [InlineData("Isolated", false, "a|--|--|x|--|b")]
    [InlineData("Removed", false, "a|x|b")]
    [InlineData("Removed", true, "--|--|--")]
    [InlineData("MergedWithPrevious", false, "a--|--|x--|b")]
    [InlineData("MergedWithNext", false, "a|--|--x|--b")]
    [InlineData("Contiguous", false, "a|----|x|--|b")]
    public void Split_EveryBehavior_CutsLikeHuggingFace(string behavior, bool invert, string expected)
    {
        var words = Words("a----x--b", Split("--", behavior, invert));

        Assert.Equal(expected, words);
    }

    [Theory]
    [InlineData(true, "a|1|2|½|b|𝟙")]
    [InlineData(false, "a|12½|b|𝟙")]
    public void Digits_CutsNumbers(bool individual, string expected)
    {
        var words = Words("a12½b𝟙", new JsonObject { ["type"] = "Digits", ["individual_digits"] = individual });

        Assert.Equal(expected, words);
    }

    [Theory]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\u1112\u1161\u11ab", "\ud55c")] // Hangul is composed by arithmetic
    [InlineData("\ud558\u11ab", "\ud55c")]
    [InlineData("a\u0323\u0307", "\u1ea1\u0307")]
    [InlineData("a\u0307\u0323", "\u1ea1\u0307")] // marks are put in order first
    [InlineData("\u212b\u2126", "\u00c5\u03a9")] // singletons
    [InlineData("\u0958", "\u0915\u093c")] // excluded from composition
    [InlineData("a\u0301\u0301", "\u00e1\u0301")]
    [InlineData("\u0301e", "\u0301e")]
    [InlineData("\ufb01\u00bd", "\ufb01\u00bd")] // compatibility characters stay
    [InlineData("\U00011099\U000110ba", "\U0001109a")]
    public void Nfc_KnownSequences_AreComposed(string text, string expected)
    {
        var words = Words(text, preTokenizer: null, new JsonObject { ["type"] = "NFC" }, expected);

        Assert.Equal(expected, words);
    }

    [Theory]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":false}""", " a b ", "a b ")]
    [InlineData("""{"type":"Strip","strip_left":false,"strip_right":true}""", " a b ", " a b")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"$0"}""", "a  b c", "a$0b c")]
    [InlineData("""{"type":"Prepend","prepend":"_"}""", "a", "_a")]
    public void Normalizer_RewritesTheText(string normalizer, string text, string expected)
    {
        var words = Words(text, preTokenizer: null, JsonNode.Parse(normalizer), expected);

        Assert.Equal(expected, words);
    }

    /// <summary>
    /// Values of tokenizers 0.23.1. U+2E52 came to Unicode after the library's data, so that it is a letter like any other.
    /// </summary>
    [Theory]
    [InlineData("""{"type":"Punctuation"}""", "a-b, (c)  d、e!? $5⹒", "a|-|b|,| |(|c|)|  d|、|e|!|?| |$|5⹒")]
    [InlineData("""{"type":"Punctuation","behavior":"Removed"}""", "a-b, (c)  d、e!? $5⹒", "a|b| |c|  d|e| |5⹒")]
    [InlineData("""{"type":"Punctuation","behavior":"MergedWithPrevious"}""", "a-b, (c)  d、e!? $5⹒", "a-|b,| (|c)|  d、|e!|?| $|5⹒")]
    [InlineData("""{"type":"Punctuation","behavior":"MergedWithNext"}""", "a-b, (c)  d、e!? $5⹒", "a|-b|, |(c|)  d|、e|!|? |$5⹒")]
    [InlineData("""{"type":"Punctuation","behavior":"Contiguous"}""", "a-b, (c)  d、e!? $5⹒", "a|-|b|,| |(|c|)|  d|、|e|!?| |$|5⹒")]
    [InlineData("""{"type":"Whitespace"}""", "I'm a_b  c++\u0301 ⓐx\u200dy, हि 3½!\n🄰z𐐀", "I|'|m|a_b|c|++|\u0301|ⓐx\u200dy|,|हि|3|½!|🄰z𐐀")]
    [InlineData("""{"type":"WhitespaceSplit"}""", "I'm a_b  c++\u0301 3½!\n🄰z \u0085q\u00a0r", "I'm|a_b|c++\u0301|3½!|🄰z|q|r")]
    [InlineData("""{"type":"CharDelimiterSplit","delimiter":"-"}""", "-a--b-c d-", "a|b|c d")]
    [InlineData("""{"type":"FixedLength","length":1}""", "ab😀cd e", "a|b|😀|c|d| |e")]
    [InlineData("""{"type":"FixedLength","length":2}""", "ab😀cd e", "ab|😀c|d |e")]
    [InlineData("""{"type":"FixedLength","length":3}""", "ab😀cd e", "ab😀|cd |e")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Sequence","pretokenizers":[{"type":"Punctuation"},{"type":"Digits","individual_digits":true}]}]}""", "a.1 23", "a|.|1|2|3")]
    [InlineData("""{"type":"UnicodeScripts"}""", "  a 漢字かなカー b, c. д1д\u10570", "a |漢字かなカー |b|, |c|. |д|1|д|\u1057|0")]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "a\U00011de0\U00016ff4b", "a|\U00011de0|\U00016ff4|b")] // Unicode 17
    [InlineData("""{"type":"UnicodeScripts"}""", "  ", "")] // what no script stands before is dropped
    [InlineData("""{"type":"UnicodeScripts"}""", "a\U00010570b", "a\U00010570b")] // younger than the library's scripts
    [InlineData("""{"type":"UnicodeScripts"}""", "क\u0953x ա։.", "क\u0953|x |ա|։.")]
    public void PreTokenizer_CutsLikeHuggingFace(string preTokenizer, string text, string expected)
    {
        var words = Words(text, JsonNode.Parse(preTokenizer));

        Assert.Equal(expected, words);
    }

    /// <summary>Value of tokenizers 0.23.1: what stands behind a blank that was put in front is at the start of the text, too.</summary>
    [Fact]
    public void Metaspace_BehindAnotherOne_PutsABlankBeforeBothParts()
    {
        var words = Words("abcd", JsonNode.Parse("""
            {"type":"Sequence","pretokenizers":[{"type":"Metaspace","replacement":"x","prepend_scheme":"first","split":false},
             {"type":"Split","pattern":{"String":"x"},"behavior":"Isolated","invert":false},
             {"type":"Metaspace","replacement":"_","prepend_scheme":"first","split":false}]}
            """), normalized: "_x_abcd");

        Assert.Equal("_x|_abcd", words);
    }

    /// <summary>Values of tokenizers 0.23.1, whose forms are those of Unicode 9: what came later, such as U+32FF, stays as it is.</summary>
    [Theory]
    [InlineData("""{"type":"NFKC"}""", "ﬁ½①Ａ\u00a0x²", "fi1⁄21A x2")]
    [InlineData("""{"type":"NFKC"}""", "e\u0301\u1100\u1161ｶﾞ", "é가ガ")]
    [InlineData("""{"type":"NFKC"}""", "ẛ\u0323", "\u1e69")]
    [InlineData("""{"type":"NFKC"}""", "\u32ffſ\u0301", "\u32ffś")]
    [InlineData("""{"type":"NFKD"}""", "ÅΩﬃ㌀", "A\u030aΩffiアハ\u309aート")]
    [InlineData("""{"type":"NFKD"}""", "한¼", "\u1112\u1161\u11ab1⁄4")]
    [InlineData("""{"type":"NFD"}""", "\U00011938é", "\U00011938e\u0301")]
    [InlineData("""{"type":"Nmt"}""", "a\u0001b\tc\u000bd\u200be▁f\ufefff\u008fg\u0085h", "ab cd e f fg\u0085h")]
    [InlineData("""{"type":"StripAccents"}""", "e\u0301n\u0903x\u20ddy\u07fdzé", "enxy\u07fdzé")]
    [InlineData("""{"type":"ByteLevel"}""", "hé \n😀", "hÃ©ĠĊðŁĺĢ")]
    [InlineData("""{"type":"Lowercase"}""", "\ua7ceÅ\U00016ea0İ", "\ua7cfå\U00016ebbi\u0307")] // Unicode 17
    [InlineData("""{"type":"BertNormalizer","lowercase":false}""", "a\u000bb\fc\u0085d\te\rf\ag\u00adh\u2028i\ufffdj\u0890k\ue000l", "abcd e fgh ij\u0890kl")]
    [InlineData("""{"type":"BertNormalizer","lowercase":false,"strip_accents":true}""", "e\u0301n\u0903x\u20ddy\u07fdz\u1734w", "en\u0903x\u20ddy\u07fdzw")]
    public void Normalizer_RewritesLikeHuggingFace(string normalizer, string text, string expected)
    {
        var words = Words(text, preTokenizer: null, JsonNode.Parse(normalizer), expected);

        Assert.Equal(expected, words);
    }

    /// <summary>
    /// Values of tokenizers 0.23.1: the shortest key that begins a cluster of up to 5 bytes stands for all of it, whatever follows.
    /// </summary>
    [Theory]
    [InlineData("ﬁ①Ａe\u0301", "fi1A é")]
    [InlineData("axb", "ab")]
    [InlineData("n\u0303n", "NN")]
    [InlineData("e\u0301\u0301e", "ée")]
    [InlineData("e\u0301\u0301\u0301e", "e\u0301\u0301\u0301e")] // 7 bytes, and e alone is no key
    [InlineData("ẹe", "ẹe")]
    public void Precompiled_RewritesLikeHuggingFace(string text, string expected)
    {
        var map = CharacterMap.Build(("ﬁ", "fi"), ("①", "1"), ("e\u0301", "é"), ("x", ""), ("Ａ", "A "), ("n", "N"));

        var words = Words(text, preTokenizer: null, new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = map }, expected);

        Assert.Equal(expected, words);
    }

    /// <summary>
    /// Metaspace puts a blank in front of what began the raw text (tokenizers 0.23.1): not where the normalizer took that away.
    /// </summary>
    [Theory]
    [InlineData("""{"type":"Strip"}""", " a", "a")]
    [InlineData("""{"type":"Strip"}""", "a ", "▁a")]
    [InlineData("""{"type":"Replace","pattern":{"String":"x"},"content":""}""", "xa", "a")]
    [InlineData("""{"type":"Replace","pattern":{"String":"x"},"content":"y"}""", "xa", "▁ya")]
    [InlineData("""{"type":"Replace","pattern":{"String":"xa"},"content":"y"}""", "xa", "y")]
    public void Metaspace_FirstAfterANormalizer_LooksAtTheRawText(string normalizer, string text, string expected)
    {
        var words = Words(text, JsonNode.Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}"""), JsonNode.Parse(normalizer), "▁ya▁a");

        Assert.Equal(expected, words);
    }
}
