using System.Globalization;
using System.Text;

namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>Backslashes in quoted texts, as Python reads them.</summary>
internal static class Escapes
{
    private const string Letters = "\\'\"abfnrtv";
    private const string Meanings = "\\'\"\a\b\f\n\r\t\v";

    /// <summary>The text that is meant.</summary>
    /// <exception cref="JinjaError">An escape is cut off or names no character.</exception>
    public static string Replace(string written)
    {
        if (!written.Contains('\\', StringComparison.Ordinal))
        {
            return written;
        }

        var output = new StringBuilder(written.Length);
        for (var at = 0; at < written.Length; at++)
        {
            if (written[at] == '\\')
            {
                at = One(written, at + 1, output);
            }
            else
            {
                output.Append(written[at]);
            }
        }

        return output.ToString();
    }

    // Returns the place of the last character that belongs to the escape.
    private static int One(string written, int at, StringBuilder output)
    {
        var letter = written[at];
        if (Letters.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var known)
        {
            output.Append(Meanings[known]);
            return at;
        }

        switch (letter)
        {
            case '\n':
                return at;
            case 'x':
                return Hex(written, at, 2, output);
            case 'u':
                return Hex(written, at, 4, output);
            case 'U':
                return Hex(written, at, 8, output);
            case 'N':
                throw new JinjaError("a character by its name (\\N{...}) is not supported; write it itself");
            case >= '0' and <= '7':
                var end = at;
                var code = 0;
                for (; end < at + 3 && end < written.Length && written[end] is >= '0' and <= '7'; end++)
                {
                    code = (code * 8) + written[end] - '0';
                }

                output.Append((char)code);
                return end - 1;
            default:
                output.Append('\\').Append(letter);
                return at;
        }
    }

    private static int Hex(string written, int at, int digits, StringBuilder output)
    {
        if (at + digits >= written.Length
            || !uint.TryParse(written.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || code > 0x10FFFF)
        {
            throw new JinjaError($"the escape '\\{written[at]}' needs {digits} hexadecimal digits that name a character");
        }

        output.Append(Rune.IsValid(code) ? new Rune(code).ToString() : ((char)code).ToString());
        return at + digits;
    }
}
