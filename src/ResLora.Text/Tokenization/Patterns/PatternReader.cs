using System.Globalization;
using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>A place in a pattern that is being read.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="json">Where it stands, for messages.</param>
internal sealed class PatternReader(string pattern, TokenizerJsonComponent json)
{
    private int _at;

    /// <summary>Whether nothing is left.</summary>
    public bool AtEnd => _at >= pattern.Length;

    /// <summary>The next UTF-16 unit; NUL at the end.</summary>
    public char Next => AtEnd ? '\0' : pattern[_at];

    /// <summary>What is left.</summary>
    public ReadOnlySpan<char> Rest => pattern.AsSpan(_at);

    /// <summary>Takes a text if it comes next.</summary>
    public bool Take(string text)
    {
        var found = Rest.StartsWith(text, StringComparison.Ordinal);
        _at += found ? text.Length : 0;
        return found;
    }

    /// <summary>Takes a text or refuses the pattern.</summary>
    public void Require(string text, string otherwise)
    {
        if (!Take(text))
        {
            throw Unsupported(otherwise);
        }
    }

    /// <summary>Goes on by some UTF-16 units.</summary>
    public void Skip(int units) => _at += units;

    /// <summary>Takes the next code point.</summary>
    public int ReadPoint()
    {
        var rune = Rune.GetRuneAt(pattern, _at);
        _at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    /// <summary>Takes all up to a text, and the text.</summary>
    /// <returns>What stood before it, or null when it does not come.</returns>
    public string? ReadUntil(string text)
    {
        var length = Rest.IndexOf(text, StringComparison.Ordinal);
        if (length < 0)
        {
            return null;
        }

        var found = Rest[..length].ToString();
        _at += length + text.Length;
        return found;
    }

    /// <summary>Takes the digits of a number.</summary>
    /// <param name="most">The most digits.</param>
    /// <param name="style">Decimal or hexadecimal.</param>
    /// <returns>The number, or null when there are no digits or it is too large.</returns>
    public int? ReadNumber(int most, NumberStyles style)
    {
        var length = 0;
        while (length < most && length < Rest.Length && (
            style == NumberStyles.None ? char.IsAsciiDigit(Rest[length]) : char.IsAsciiHexDigit(Rest[length])))
        {
            length++;
        }

        var digits = Rest[..length];
        _at += length;
        return int.TryParse(digits, style, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>The error for something that is not supported.</summary>
    public FileFormatException Unsupported(string what) => json.Error($"the pattern '{pattern}' uses {what}, which is not supported");
}
