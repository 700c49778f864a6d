using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace ResLora.Tests.Text.Tokenization.Patterns;

/// <summary>The sets that patterns name have the members that they have in Hugging Face's library (tokenizers 0.23.1, Oniguruma, Unicode
/// 16).</summary>
public class PatternSetsTests
{
    private static readonly string _everything = Everything();

    [Fact]
    public void GeneralCategories_AreUnicode16()
    {
        // Another runtime may have younger data; then the categories must be carried along, too.
        var counts = Enumerable.Range(0, 0x110000).CountBy(CharUnicodeInfo.GetUnicodeCategory).ToDictionary();

        Assert.Equal(1858, counts[UnicodeCategory.UppercaseLetter]);
        Assert.Equal(2258, counts[UnicodeCategory.LowercaseLetter]);
        Assert.Equal(136477, counts[UnicodeCategory.OtherLetter]);
        Assert.Equal(2020, counts[UnicodeCategory.NonSpacingMark]);
        Assert.Equal(760, counts[UnicodeCategory.DecimalDigitNumber]);
        Assert.Equal(7376, counts[UnicodeCategory.OtherSymbol]);
        Assert.Equal(819533, counts[UnicodeCategory.OtherNotAssigned]);
    }

    [Theory]
    [InlineData(@"\w", 144671)]
    [InlineData(@"[\w]", 144665)]
    [InlineData(@"\s", 25)]
    [InlineData("[[:punct:]]", 9369)]
    [InlineData(@"\p{Punct}", 855)]
    [InlineData("[[:graph:]]", 161379)]
    [InlineData("[[:print:]]", 161396)]
    [InlineData("[[:blank:]]", 18)]
    [InlineData(@"\p{Alphabetic}", 142759)]
    [InlineData(@"\p{Lower case}", 2569)]
    [InlineData(@"\p{Han}", 99030)]
    [InlineData(@"\p{Extended_Pictographic}", 3537)]
    [InlineData(@"\p{Cf}", 170)]
    [InlineData(@"(?i:[\p{Lu}])", 3266)]
    public void Set_HasItsMembers(string pattern, int expected)
    {
        // Every character is one unknown token, and the normalizer takes those away that are not in the set.
        var tokenizer = TokenizerFixtures.Load(new JsonObject
        {
            ["normalizer"] = new JsonObject
            {
                ["type"] = "Replace",
                ["pattern"] = new JsonObject { ["Regex"] = pattern },
                ["content"] = "",
            },
            ["model"] = JsonNode.Parse("""{"type":"BPE","unk_token":"?","vocab":{"?":0},"merges":[]}"""),
        }.ToJsonString());

        var left = tokenizer.Encode(_everything).Count;

        Assert.Equal(expected, _everything.EnumerateRunes().Count() - left);
    }

    // But for the planes without characters and those for private use.
    private static string Everything()
    {
        var text = new StringBuilder();
        for (var point = 0; point < 0x110000; point++)
        {
            text.Append(Rune.IsValid(point) && point is (< 0x40000 or (>= 0xE0000 and < 0xF0000)) ? char.ConvertFromUtf32(point) : "");
        }

        return text.ToString();
    }
}
