using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>The methods of texts.</summary>
internal static class StringMethods
{
    /// <summary>All of them; the first argument is the text.</summary>
    public static FunctionTable All { get; } = new FunctionTable
    {
        { "capitalize", "self", (_, a) => Letters.Capitalize(a.Text(0)) },
        { "casefold", "self", (_, a) => Letters.Fold(a.Text(0)) },
        { "lower", "self", (_, a) => Letters.Lower(a.Text(0)) },
        { "upper", "self", (_, a) => Letters.Upper(a.Text(0)) },
        { "swapcase", "self", (_, a) => Letters.Swap(a.Text(0)) },
        { "title", "self", (_, a) => Letters.Title(a.Text(0)) },
        { "center", "self width fill?", (run, a) => Pad(run, a, Center) },
        { "ljust", "self width fill?", (run, a) => Pad(run, a, (text, width, fill) => Padding.Fill(text, width, '<', fill)) },
        { "rjust", "self width fill?", (run, a) => Pad(run, a, (text, width, fill) => Padding.Fill(text, width, '>', fill)) },
        { "zfill", "self width", (run, a) => Pad(run, a, (text, width, _) => Zeros(text, width)) },
        { "expandtabs", "self tabsize?", (run, a) => Tabs(run, a.Text(0), a.Whole(1, 8)) },
        { "strip", "self chars?", (_, a) => Strip(a.Text(0), CharsOf(a), left: true, right: true) },
        { "lstrip", "self chars?", (_, a) => Strip(a.Text(0), CharsOf(a), left: true, right: false) },
        { "rstrip", "self chars?", (_, a) => Strip(a.Text(0), CharsOf(a), left: false, right: true) },
        { "removeprefix", "self prefix", (_, a) => a.Text(0).StartsWith(a.Text(1), StringComparison.Ordinal)
            ? a.Text(0)[a.Text(1).Length..] : a.Text(0) },
        { "removesuffix", "self suffix", (_, a) => a.Text(0).EndsWith(a.Text(1), StringComparison.Ordinal) ? a.Text(0)[..^a.Text(1).Length]
            : a.Text(0) },
        { "replace", "self old new count?", (run, a) => Replace(run, a.Text(0), a.Text(1), a.Text(2), a.Whole(3, -1)) },
        { "join", "self items", (run, a) => Join(run, a.Text(0), Iteration.Of(a[1])) },
        { "format", "self *values **named", (run, a) => new BraceFormat(run, a.Further).Apply(a.Text(0)) },
        { "format_map", "self mapping", FormatMap },
    }.With(StringSearch.All).With(StringKinds.All);

    /// <summary>Takes characters from the ends of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="chars">The characters; null for white space.</param>
    /// <param name="left">Whether from the start.</param>
    /// <param name="right">Whether from the end.</param>
    public static string Strip(string text, string? chars, bool left, bool right)
    {
        var all = chars is null ? null : CodePoints.Each(chars).ToHashSet(StringComparer.Ordinal);
        var (start, end) = (0, text.Length);
        while (left && start < end && Is(start, char.IsHighSurrogate(text[start]) && start + 1 < end ? 2 : 1, out var width))
        {
            start += width;
        }

        while (right && end > start && Is(end - (char.IsLowSurrogate(text[end - 1]) && end - 1 > start ? 2 : 1), 0, out var width))
        {
            end -= width;
        }

        return text[start..end];

        bool Is(int at, int size, out int width)
        {
            width = size == 0 ? end - at : size;
            return all is null ? width == 1 && CodePoints.IsSpace(text[at]) : all.Contains(text.Substring(at, width));
        }
    }

    /// <summary>Puts one text for another.</summary>
    /// <param name="run">The rendering.</param>
    /// <param name="text">The text.</param>
    /// <param name="old">What is replaced; nothing for every place between characters.</param>
    /// <param name="replacement">What stands for it.</param>
    /// <param name="count">How often at most; below 0 for everywhere.</param>
    public static string Replace(Rendering run, string text, string old, string replacement, int count)
    {
        var limit = count < 0 ? int.MaxValue : count;
        var parts = old.Length > 0 ? Cut(run, text, old, limit) : [.. Between(text, limit)];
        run.SpendText(((long)parts.Count * replacement.Length) + text.Length);
        return string.Join(replacement, parts);
    }

    /// <summary>Joins texts; anything else is refused, as Python does.</summary>
    public static string Join(Rendering run, string separator, IEnumerable<object> items)
    {
        var parts = Iteration.List(run, items);
        var wrong = parts.FindIndex(part => part is not (string or Markup));
        if (wrong >= 0)
        {
            throw new JinjaError($"sequence item {wrong}: expected str instance, {TypeNames.Of(parts[wrong])} found");
        }

        run.SpendText(parts.Sum(part => (long)PythonText.Plain(part).Length + separator.Length));
        return string.Join(separator, parts.Select(PythonText.Plain));
    }

    /// <summary>Cuts a text at another.</summary>
    public static List<string> Cut(Rendering run, string text, string separator, int limit)
    {
        run.SpendText(text.Length);
        var parts = new List<string>();
        var done = 0;
        while (parts.Count < limit && text.IndexOf(separator, done, StringComparison.Ordinal) is >= 0 and var next)
        {
            run.Spend(1);
            parts.Add(text[done..next]);
            done = next + separator.Length;
        }

        parts.Add(text[done..]);
        return parts;
    }

    /// <summary>Centers a text; an odd blank goes left when the width is odd.</summary>
    public static string Center(string text, int width, string fill)
    {
        var missing = width - CodePoints.Count(text);
        var left = missing <= 0 ? 0 : (missing / 2) + (missing & width & 1);
        return missing <= 0 ? text : Padding.Fill(Padding.Fill(text, width - missing + left, '>', fill), width, '<', fill);
    }

    private static string? CharsOf(BoundArguments a) => a.Has(1) ? a.Text(1) : null;

    // Before each character and at the end.
    private static IEnumerable<string> Between(string text, int limit)
    {
        var at = 0;
        if (limit > 0)
        {
            yield return "";
        }

        foreach (var character in CodePoints.Each(text).Take(Math.Max(0, limit - 1)))
        {
            yield return character;
            at += character.Length;
        }

        yield return text[at..];
    }

    private static string Pad(Rendering run, BoundArguments a, Func<string, int, string, string> pad)
    {
        var fill = a.Values.Count > 2 ? a.Text(2, " ") : " ";
        if (CodePoints.Count(fill) != 1)
        {
            throw new JinjaError("The fill character must be exactly one character long");
        }

        run.SpendText(Math.Max(0, a.Whole(1)));
        return pad(a.Text(0), a.Whole(1), fill);
    }

    private static string Zeros(string text, int width)
    {
        var sign = text is ['+' or '-', ..] ? 1 : 0;
        return text[..sign] + Padding.Fill(text[sign..], width - sign, '>', "0");
    }

    private static string Tabs(Rendering run, string text, int size)
    {
        run.SpendText((long)text.Count(c => c == '\t') * Math.Max(0, size) + text.Length);
        var output = new System.Text.StringBuilder();
        var column = 0;
        foreach (var character in CodePoints.Each(text))
        {
            if (character == "\t")
            {
                var blanks = size <= 0 ? 0 : size - (column % size);
                output.Append(' ', blanks);
                column += blanks;
            }
            else
            {
                output.Append(character);
                column = character is "\n" or "\r" ? 0 : column + 1;
            }
        }

        return output.ToString();
    }

    private static object FormatMap(Rendering run, BoundArguments a)
    {
        var mapping = a[1] as DictValue ?? throw new JinjaError($"'format_map' needs a mapping, not {TypeNames.Of(a[1])}");
        var named = mapping.Entries.Where(entry => entry.Key is string).Select(entry => ((string)entry.Key, entry.Value));
        return new BraceFormat(run, new CallArguments([], [.. named])).Apply(a.Text(0));
    }
}
