using System.Text;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Texts as Python counts them: a character is a code point, which takes one or two units here.</summary>
internal static class CodePoints
{
    /// <summary>How many characters a text has.</summary>
    public static int Count(string text) => text.Length - text.Count(char.IsLowSurrogate);

    /// <summary>How many characters stand before a unit.</summary>
    public static int CountBefore(string text, int unit)
    {
        var count = unit;
        for (var i = 0; i < unit; i++)
        {
            count -= char.IsLowSurrogate(text[i]) ? 1 : 0;
        }

        return count;
    }

    /// <summary>The unit at which a character begins; the end for those behind the last.</summary>
    public static int Unit(string text, int character)
    {
        if (!text.Any(char.IsSurrogate))
        {
            return Math.Min(character, text.Length);
        }

        var unit = 0;
        for (var i = 0; i < character && unit < text.Length; i++)
        {
            unit += char.IsHighSurrogate(text[unit]) ? 2 : 1;
        }

        return unit;
    }

    /// <summary>Each character as a text.</summary>
    public static IEnumerable<string> Each(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            var width = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
            yield return text.Substring(i, width);
            i += width;
        }
    }

    /// <summary>Compares by code points.</summary>
    public static int Compare(string left, string right)
    {
        var shared = Math.Min(left.Length, right.Length);
        for (var i = 0; i < shared; i++)
        {
            var (l, r) = (left[i], right[i]);
            if (l != r)
            {
                // A half of a pair stands for a code point above all that fit one unit.
                return char.IsSurrogate(l) == char.IsSurrogate(r) ? l.CompareTo(r) : char.IsSurrogate(l) ? 1 : -1;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    /// <summary>What Python takes for white space.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>A text with a function applied to each of its runes.</summary>
    public static string Map(string text, Func<Rune, Rune> map)
    {
        var mapped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            mapped.Append(map(rune).ToString());
        }

        return mapped.ToString();
    }
}
