using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Training.Tokenization;

/// <summary>The stages before the model, seen through a vocabulary in which every word is one token.</summary>
public class TokenizerPipelineTests
{
    private const string Llama3Words =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

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
    [InlineData("I'LL say it'ſ 12345 𝐀𝐁x!?\n\n ok", "I|'LL| say| it|'ſ| |123|45| 𝐀𝐁x|!?\n\n| ok")] // ſ folds to s; 𝐀 is a letter
    [InlineData("a   b\t\n c", "a|  | b|\t\n| c")]
    [InlineData("x\u0085\u3000y 𝟙𝟚𝟛𝟜😀", "x|\u0085|\u3000y| |𝟙𝟚𝟛|𝟜|😀")]
    public void Split_Llama3Pattern_SeesCharactersNotUtf16Units(string text, string expected)
    {
        var words = Words(text, SplitRegex(Llama3Words));

        Assert.Equal(expected, words);
    }

    [Theory]
    [InlineData("(?>a+)b|a", "aab", "aab")]
    [InlineData("a++a|a", "aaa", "a|a|a")] // possessive: gives nothing back, so only single letters match
    [InlineData("a{2}|b{1,}", "aaabb", "aa|a|bb")]
    [InlineData("(?<=a)b|(?<!a)c", "abcac", "a|b|c|ac")]
    [InlineData(@"[a\-c]+", "ab-ca", "a|b|-ca")]
    [InlineData(@"[^\u0061-\u0063-]", "abxc-", "ab|x|c-")]
    [InlineData("(?i:[ks])", "kxK\u212A", "k|x|K|\u212A")]
    [InlineData("x*", "axxb", "a|xx|b")] // empty matches cut nothing
    public void Split_OtherConstructs_KeepTheirMeaning(string pattern, string text, string expected)
    {
        var words = Words(text, SplitRegex(pattern));

        Assert.Equal(expected, words);
    }

    [Theory]
    [InlineData(@"\p{Han}", @"the property \p{Han}")]
    [InlineData("^a", "'^' at this place")]
    [InlineData(@"\bword", @"the escape \b")]
    [InlineData(@"(a)\1", @"the escape \1")]
    [InlineData("(?m:a)", "the group (?m:")]
    [InlineData("[[:alpha:]]", "a class within a class")]
    [InlineData("[a&&b]", "the intersection of classes")]
    [InlineData("[😀]", "a character above U+FFFF")]
    [InlineData("(?i:é)", "without regard to case")]
    [InlineData("a{2}{3}", "a repeated repetition")]
    [InlineData("a{,3}", "the repetition '{,3}'")]
    [InlineData("a{1,99999}", "the repetition")]
    [InlineData("(a", "an unmatched '('")]
    [InlineData("a)", "an unmatched ')'")]
    [InlineData("[a", "an open or empty character class")]
    [InlineData("a\\", "a final backslash")]
    public void Split_PatternThatMeansSomethingElse_IsRefused(string pattern, string expected)
    {
        var error = Assert.Throws<FileFormatException>(() => Words("a", SplitRegex(pattern)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("pre_tokenizer.pattern.Regex", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Split_DeeplyNestedPattern_IsRefused()
    {
        var pattern = new string('(', 4000) + "a" + new string(')', 4000);

        var error = Assert.Throws<FileFormatException>(() => Words("a", SplitRegex(pattern)));

        Assert.Contains("nested groups", error.Message, StringComparison.Ordinal);
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

    private static JsonObject SplitRegex(string pattern) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = pattern },
        ["behavior"] = "Isolated",
        ["invert"] = false,
    };

    private static JsonObject Split(string literal, string behavior, bool invert) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["String"] = literal },
        ["behavior"] = behavior,
        ["invert"] = invert,
    };

    // With ignore_merges a word of the vocabulary is one token; every part of the text is put there, before and after the
    // normalizer as the expectation has it, so that each word shows up as one token.
    private static string Words(string text, JsonNode? preTokenizer, JsonNode? normalizer = null, string normalized = "")
    {
        var parts = Parts(text).Concat(Parts(normalized)).Distinct(StringComparer.Ordinal);
        var json = new JsonObject
        {
            ["normalizer"] = normalizer,
            ["pre_tokenizer"] = preTokenizer,
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["ignore_merges"] = true,
                ["vocab"] = new JsonObject(parts.Select((part, id) => KeyValuePair.Create(part, (JsonNode?)id))),
                ["merges"] = new JsonArray(),
            },
        };
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());
        return string.Join('|', tokenizer.Encode(text).Select(id => tokenizer.TokenOf(id)));
    }

    private static IEnumerable<string> Parts(string text)
    {
        string[] characters = [.. text.EnumerateRunes().Select(rune => rune.ToString())];
        return from start in Enumerable.Range(0, characters.Length)
               from length in Enumerable.Range(1, characters.Length - start)
               select string.Concat(characters.Skip(start).Take(length));
    }
}
