using System.Globalization;
using System.Text;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Finds characters of a kind in a text.</summary>
internal static class RuneMatches
{
    /// <summary>The characters that a text has of a kind.</summary>
    /// <param name="text">Well-formed text.</param>
    /// <param name="matches">Whether a character is of the kind.</param>
    /// <returns>The place and length of each, in UTF-16 units.</returns>
    public static IEnumerable<(int Start, int Length)> Where(string text, Func<Rune, bool> matches)
    {
        for (var i = 0; i < text.Length;)
        {
            var rune = Rune.GetRuneAt(text, i);
            if (matches(rune))
            {
                yield return (i, rune.Utf16SequenceLength);
            }

            i += rune.Utf16SequenceLength;
        }
    }

    /// <summary>Whether Rust's regular expressions take a character for one of a word (<c>\w</c>).</summary>
    /// <remarks>Letters, marks, digits, connectors, the two joiners and letters in circles and squares.</remarks>
    public static bool IsWord(Rune rune) => Rune.IsLetter(rune) ||
        rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9) or
            (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189) ||
        Rune.GetUnicodeCategory(rune) is
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
