using ResLora.Formats.Errors;
using Xunit;
using static ResLora.Tests.Text.Tokenization.WordFixtures;

namespace ResLora.Tests.Text.Tokenization.Patterns;

/// <summary>Regular expressions of a tokenizer.json, seen through a vocabulary in which every word is one token.</summary>
public class TokenizerRegexTests
{
    private const string Llama3Words =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [Theory]
    [InlineData("I'LL say it'ſ 12345 𝐀𝐁x!?\n\n ok", "I|'LL| say| it|'ſ| |123|45| 𝐀𝐁x|!?\n\n| ok")] // ſ folds to s; 𝐀 is a letter
    [InlineData("a   b\t\n c", "a|  | b|\t\n| c")]
    [InlineData("x\u0085\u3000y 𝟙𝟚𝟛𝟜😀", "x|\u0085|\u3000y| |𝟙𝟚𝟛|𝟜|😀")]
    public void Split_Llama3Pattern_SeesCharactersNotUtf16Units(string text, string expected)
    {
        var words = Words(text, SplitRegex(Llama3Words));

        Assert.Equal(expected, words);
    }

    /// <summary>Values of tokenizers 0.23.1.</summary>
    [Theory]
    [InlineData(@"\w+", "naïve_7 ²½ x\u0301, हि", "naïve_7| |²½| |x\u0301|, |हि")]
    [InlineData(@"[\w]+", "²½x", "²½|x")]
    [InlineData(@"\W", "a²-b", "a²|-|b")]
    [InlineData(@"\bcat\b", "cat cats, cat", "cat| cats, |cat")]
    [InlineData(@"a\B", "ab a", "a|b a")]
    [InlineData("^a", "a\na\nb", "a|\n|a|\nb")]
    [InlineData("a$", "a\na\nba", "a|\n|a|\nb|a")]
    [InlineData(@"\Aa|b\z|c\Z", "aab\nbcac\n", "a|ab\nbca|c|\n")]
    [InlineData(@"\h+", "xFfg09", "x|Ff|g|09")]
    [InlineData(@"\R", "a\r\nb\n\u2028c", "a|\r\n|b|\n|\u2028|c")]
    [InlineData(@"\N+", "ab\ncd", "ab|\n|cd")]
    [InlineData("(?m:a.)", "a\nab", "a\n|ab")]
    [InlineData("a.", "a\nab", "a\n|ab")]
    [InlineData(@"\x{41}|\x42|\u0043|\0|\e", "ABCD", "A|B|C|D")]
    [InlineData("[😀-😎]+", "a😀😁🤖", "a|😀😁|🤖")]
    [InlineData(@"\p{Han}+", "漢字かな漢", "漢字|かな|漢")]
    [InlineData(@"[\p{Hiragana}\p{Katakana}ー]+", "ひらカタカナー漢", "ひらカタカナー|漢")]
    [InlineData(@"\P{Latin}+", "abcд1", "abc|д1")]
    [InlineData(@"\p{^Greek}+", "αβ ab", "αβ| ab")]
    [InlineData(@"\p{Uppercase Letter}+", "ABc", "AB|c")]
    [InlineData(@"\p{In_Basic_Latin}+", "aé1", "a|é|1")]
    [InlineData(@"\p{Emoji_Presentation}", "1😀❤", "1|😀|❤")]
    [InlineData("[[:alpha:]]+", "aéⅧ1ʰ", "aéⅧ|1|ʰ")]
    [InlineData("[[:^space:]]+", "a b\u00a0c", "a| |b|\u00a0|c")]
    [InlineData("[[:punct:]]+", "a+$.!b", "a|+$.!|b")]
    [InlineData(@"\p{Punct}+", "a+$.!b", "a+$|.!|b")]
    [InlineData("[[:alpha:][:digit:]]+", "a1-b", "a1|-|b")]
    [InlineData("[a-z&&[^aeiou]]+", "hello", "h|e|ll|o")]
    [InlineData(@"[\p{L}&&\p{Latin}]+", "aяb", "a|я|b")]
    [InlineData("[a-c&&b-d&&^c]+", "abcd^", "ab|c|d^")]
    [InlineData("[a[^b-z]]+", "ab1c", "a|b|1|c")]
    [InlineData("[]a]+", "a]b", "a]|b")]
    [InlineData("[^]]+", "a]b", "a|]|b")]
    [InlineData("[a-]+", "a-b", "a-|b")]
    [InlineData("[+--]+", "+,-.a", "+,-|.a")]
    [InlineData("[a-c-]+", "ab-d", "ab-|d")]
    [InlineData("(?i:é)+", "éÉe", "éÉ|e")]
    [InlineData("(?i:[a-z]+)", "aBſ1", "aBſ|1")]
    [InlineData("(?i:σ)+", "σΣς", "σΣς")]
    [InlineData("(?i:straße)", "STRASSE straße STRAẞE", "STRASSE| |straße| |STRAẞE")]
    [InlineData("(?i:ss)", "ßa", "ß|a")]
    [InlineData("(?i:ffi)", "ﬃ ffi fﬁ", "ﬃ| |ffi| fﬁ")]
    [InlineData("(?i:sss)", "sßßs", "sß|ßs")]
    [InlineData("(?i:[ß])", "assb", "a|ss|b")]
    [InlineData("(?i:[^a])+", "aAb", "aA|b")]
    [InlineData(@"(?i:\p{Lu})+", "aAB", "a|AB")]
    [InlineData(@"(?i:[\p{Lu}])+", "aAB1", "aAB|1")]
    [InlineData("a(?i)b|c", "aBCac", "aB|C|ac")]
    [InlineData("(?i-i:a)b", "abAb", "ab|Ab")]
    [InlineData("(?x: a b # c\n)+", "abab c", "abab| c")]
    [InlineData("a(?#b)c", "acab", "ac|ab")]
    [InlineData("(?<n>a)b|(?'m'c)", "abcb", "ab|c|b")]
    [InlineData("a{,2}", "aaab", "aa|a|b")]
    [InlineData("a{2}?", "aaab", "aa|a|b")]
    [InlineData("a{2}+", "aaaaab", "aaaa|ab")]
    [InlineData("a{2}{3}", "aaaaaaaa", "aaaaaa|aa")]
    [InlineData("a{3,1}a", "aaaaa", "aaaa|a")]
    [InlineData("a{1,2}?b", "aab", "aab")]
    [InlineData("a{x}|{", "a{x}{b", "a{x}|{|b")]
    [InlineData("(?:a++){2}|b", "aab", "aa|b")]
    [InlineData("(?>a{1,3})+a", "aaaa", "aaaa")]
    [InlineData("a*+*", "aab", "aa|b")]
    [InlineData("a+?b", "aaab", "aaab")]
    [InlineData("(?<=a+)b", "aabcb", "aa|b|cb")]
    [InlineData(@"(?<!\d|x)y", "1yxyzy", "1yxyz|y")]
    [InlineData("(?<=^|,)a", "a,aa", "a|,|a|a")]
    [InlineData("(?=[ab])", "cab", "c|a|b")]
    [InlineData("a||b", "ab", "a|b")]
    [InlineData("()", "ab", "a|b")]
    [InlineData(@"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s+(?!\S)|\s+", "HelloWorld's 日本語 don'T 1234 /x/\n", "Hello|World's| 日本語| don'T| |123|4| /|x|/\n")]
    public void Split_Oniguruma_CutsLikeHuggingFace(string pattern, string text, string expected)
    {
        var words = Words(text, SplitRegex(pattern));

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
    [InlineData("x*", "axxb", "a|xx|b")]
    [InlineData("x*", "ab1234567xx", "a|b|1|2|3|4|5|6|7|xx")] // empty matches cut, too
    [InlineData(@"(?=(\d{3})+(?!\d))", "ab1234567xx", "ab1|234|567xx")] // digits in threes from the right
    [InlineData("(?<=b)", "ab1234567xx", "ab|1234567xx")]
    public void Split_OtherConstructs_KeepTheirMeaning(string pattern, string text, string expected)
    {
        var words = Words(text, SplitRegex(pattern));

        Assert.Equal(expected, words);
    }

    [Theory]
    [InlineData(@"\p{Hun}", @"the property \p{Hun}")]
    [InlineData(@"\p{L", "an open property")]
    [InlineData(@"\pL", @"the escape \p")] // a property to some versions of Oniguruma and two letters to others
    [InlineData("^*", "a repetition of '^'")]
    [InlineData("(?=a)+", "a repeated look at what stands around")]
    [InlineData("*a", "'*' at this place")]
    [InlineData(@"(a)\1", @"the escape \1")]
    [InlineData(@"(?<n>a)\k<n>", @"the escape \k")]
    [InlineData(@"\X", @"the escape \X")]
    [InlineData(@"\x{110000}", "a number that is no character")]
    [InlineData(@"\x{41 42}", "a code point in braces that is no hexadecimal number")]
    [InlineData(@"\xE9", @"the escape \x")]
    [InlineData("(?~a)", "the group (?~a")]
    [InlineData("(?s:a)", "the group (?s:")]
    [InlineData("(?<1>a)", "a group without a name")]
    [InlineData("(*FAIL)", "the group (*")]
    [InlineData("(?#a", "an open comment")]
    [InlineData("[[:alpha]]", "the class [:")]
    [InlineData("[[:letter:]]", "the class [:letter")]
    [InlineData(@"[\w-z]", "'-' at this place of a class")]
    [InlineData("[z-a]", "the range that begins with 'z'")]
    [InlineData("[]", "an open or empty character class")]
    [InlineData("a{1,100001}", "more than 100000 repetitions")]
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
    public void Split_PatternThatBecomesTooLong_IsRefused()
    {
        var pattern = "(?i:" + string.Concat(Enumerable.Repeat(@"[\p{L}1]", 200)) + ")"; // each stands for a hundred strings, too

        var error = Assert.Throws<FileFormatException>(() => Words("a", SplitRegex(pattern)));

        Assert.Contains("at most 65536 are allowed; simplify it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Split_DeeplyNestedPattern_IsRefused()
    {
        var pattern = new string('(', 4000) + "a" + new string(')', 4000);

        var error = Assert.Throws<FileFormatException>(() => Words("a", SplitRegex(pattern)));

        Assert.Contains("nested groups", error.Message, StringComparison.Ordinal);
    }
}
