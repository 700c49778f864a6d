using System.Text.RegularExpressions;
using ResLora.Formats.Peft;
using Xunit;

namespace ResLora.Tests.Formats.Peft;

/// <summary>Patterns and names with what <c>re.fullmatch</c> of Python 3.13 says of them.</summary>
public sealed class PythonRegexTests
{
    [Theory]
    [InlineData(@"(?P<pre>.*)\.(?P<p>q|v)_proj", "layers.0.q_proj", true)]
    [InlineData(@"(?P<pre>.*)\.(?P<p>q|v)_proj", "layers.0.k_proj", false)]
    [InlineData(@"(?P<a>a)(b)\1", "aba", true)]
    [InlineData(@"(?P<a>a)(b)\1", "abb", false)]
    [InlineData(@"(?P<a>.)(?P=a)1", "xx1", true)]
    [InlineData(@"(?P<a>x)?(?(a)y|z)", "xy", true)]
    [InlineData(@"(?P<a>x)?(?(a)y|z)", "z", true)]
    [InlineData(@"(?P<a>x)?(?(1)y|z)", "xz", false)]
    [InlineData(@"[0-9]++1", "21", false)]
    [InlineData(@"[0-9]*+a", "21a", true)]
    [InlineData(@"a{1,2}+ab", "aab", false)]
    [InlineData(@"layers\.\d+\Z", "layers.12", true)]
    [InlineData(@"a{,2}", "aa", true)]
    [InlineData(@"a{,2}", "aaa", false)]
    [InlineData(@"a{}", "a{}", true)]
    [InlineData(@"x{2}", "xx", true)]
    [InlineData(@"[a-z-[x]", "[", true)]
    [InlineData(@"[]x]", "]", true)]
    [InlineData(@"[^]x]", "]", false)]
    [InlineData(@"q\_proj", "q_proj", true)]
    [InlineData(@"(?i:Q)_proj", "q_proj", true)]
    [InlineData(@"(?i)Q_PROJ", "q_proj", true)]
    [InlineData(@"(?a)\w+", "q_proj", true)]
    [InlineData(@"(?a:\w)+?", "qq", true)]
    [InlineData(@"q(?#the query)+", "qq", true)]
    [InlineData(@"(?<!a)b|cb", "cb", true)]
    [InlineData(@"(?>a+)b", "aab", true)]
    [InlineData(@"\x71", "q", true)]
    public void Translate_Pattern_MatchesWhatPythonMatches(string pattern, string name, bool expected) =>
        Assert.Equal(expected, Regex.IsMatch(name, $@"^(?:{PythonRegex.Translate(pattern)})\z", RegexOptions.CultureInvariant));

    [Theory]
    [InlineData("(", "not closed")]
    [InlineData(")", "closes nothing")]
    [InlineData("[a", "not closed")]
    [InlineData("*a", "repeats nothing")]
    [InlineData("a**", "repeats a repeat")]
    [InlineData("a\\", "backslash")]
    [InlineData(@"\p{L}", @"'\p'")]
    [InlineData(@"\2", "no group 2")]
    [InlineData(@"(a)\10", "no group 10")]
    [InlineData("(?P=n)", "no group 'n'")]
    [InlineData("(?P<n", "lacks its '>'")]
    [InlineData("a(?i)b", "stand at its beginning")]
    [InlineData("(?x:a)", "'(?x'")]
    [InlineData(@"\x7", "hexadecimal")]
    public void Translate_WhatPythonRefuses_IsRefused(string pattern, string part) =>
        Assert.Contains(part, Assert.Throws<FormatException>(() => PythonRegex.Translate(pattern)).Message, StringComparison.Ordinal);

    [Fact]
    public void Translate_HugePatterns_AreRefused()
    {
        Assert.Throws<FormatException>(() => PythonRegex.Translate(new string('a', 100_000)));
        Assert.Throws<FormatException>(() => PythonRegex.Translate(new string('(', 5_000)));
    }
}
