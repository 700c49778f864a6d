namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Texts that are filled up to a width.</summary>
internal static class Padding
{
    /// <summary>Fills a text up.</summary>
    /// <param name="text">The text.</param>
    /// <param name="width">The characters that there shall be at least.</param>
    /// <param name="align">&lt;, &gt;, ^, or = for filling between sign and digits.</param>
    /// <param name="fill">One character.</param>
    public static string Fill(string text, int width, char align, string fill)
    {
        var missing = width - CodePoints.Count(text);
        if (missing <= 0)
        {
            return text;
        }

        var prefix = align == '=' ? Prefix(text) : 0;
        return align switch
        {
            '<' => text + Repeat(missing),
            '^' => Repeat(missing / 2) + text + Repeat(missing - (missing / 2)),
            _ => text[..prefix] + Repeat(missing) + text[prefix..],
        };

        string Repeat(int count) => string.Concat(Enumerable.Repeat(fill, count));
    }

    /// <summary>How many characters the sign and the 0x of a number take.</summary>
    public static int Prefix(string number)
    {
        var sign = number is ['-' or '+' or ' ', ..] ? 1 : 0;
        return sign + (number.Length > sign + 1 && number[sign] == '0' && char.IsAsciiLetter(number[sign + 1]) ? 2 : 0);
    }
}
