using System.Globalization;
using ResLora.Formats.Errors;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>What a backslash begins: one character or a set of them.</summary>
/// <param name="Point">The character, where there is no set.</param>
/// <param name="Set">The set, or null.</param>
internal readonly record struct PatternEscape(int Point, CodePointSet? Set = null)
{
    // Letters and digits whose escape means neither a character nor a set; what else means nothing stands for itself.
    private const string Others = "123456789kgGKXyYMCcRAzZBbxup";

    /// <summary>Reads what follows a backslash.</summary>
    /// <param name="reader">The place behind the backslash.</param>
    /// <param name="bracketed">Whether it stands within brackets.</param>
    /// <returns>The meaning.</returns>
    public static PatternEscape Read(PatternReader reader, bool bracketed)
    {
        if (reader.AtEnd)
        {
            throw reader.Unsupported("a final backslash");
        }

        var c = reader.ReadPoint();
        return c switch
        {
            'd' => new(0, PatternSets.Digit),
            'D' => new(0, PatternSets.Digit.Not()),
            's' => new(0, PatternSets.Space),
            'S' => new(0, PatternSets.Space.Not()),
            'h' => new(0, PatternSets.HexDigit),
            'H' => new(0, PatternSets.HexDigit.Not()),
            'w' => new(0, bracketed ? PatternSets.Word : PatternSets.BareWord),
            'W' => new(0, (bracketed ? PatternSets.Word : PatternSets.BareWord).Not()),
            'N' when !bracketed => new(0, PatternSets.NotLineFeed),
            'O' when !bracketed => new(0, CodePointSet.All),
            'p' or 'P' when reader.Take("{") => new(0, Property(reader, c == 'P', bracketed)),
            'a' => new('\a'),
            'b' when bracketed => new('\b'),
            'e' => new(0x1B),
            'f' => new('\f'),
            'n' => new('\n'),
            'r' => new('\r'),
            't' => new('\t'),
            'v' => new('\v'),
            'x' when reader.Take("{") => new(Number(reader, 8, "}")),
            'x' => new(reader.ReadNumber(2, NumberStyles.AllowHexSpecifier) is { } value and < 0x80 ? value : throw Unknown(reader, c)),
            'u' when reader.ReadNumber(4, NumberStyles.AllowHexSpecifier) is { } value => new(Checked(reader, value)),
            '0' => new(Octal(reader)),
            'o' when reader.Next == '{' => throw Unknown(reader, c),
            _ when c < 0x80 && Others.Contains((char)c) => throw Unknown(reader, c),
            _ => new(c),
        };
    }

    private static CodePointSet Property(PatternReader reader, bool negated, bool bracketed)
    {
        negated ^= reader.Take("^");
        var name = reader.ReadUntil("}") ?? throw reader.Unsupported("an open property");
        var set = PatternSets.Find(name) ?? throw reader.Unsupported($"the property \\p{{{name}}}");
        set = !bracketed && set.Equals(PatternSets.Word) ? PatternSets.BareWord : set;
        return negated ? set.Not() : set;
    }

    private static int Number(PatternReader reader, int digits, string end)
    {
        var point = reader.ReadNumber(digits, NumberStyles.AllowHexSpecifier);
        reader.Require(end, "a code point in braces that is no hexadecimal number");
        return Checked(reader, point ?? -1);
    }

    private static int Checked(PatternReader reader, int point) => point is (>= 0 and < 0xD800) or (> 0xDFFF and < CodePointSet.Bound)
        ? point
        : throw reader.Unsupported("a number that is no character");

    // Up to two octal digits follow the zero.
    private static int Octal(PatternReader reader)
    {
        var value = 0;
        for (var digits = 0; digits < 2 && reader.Next is >= '0' and <= '7'; digits++)
        {
            value = (value * 8) + reader.Next - '0';
            reader.Skip(1);
        }

        return value;
    }

    private static FileFormatException Unknown(PatternReader reader, int c) => reader.Unsupported($"the escape \\{(char)c}");
}
