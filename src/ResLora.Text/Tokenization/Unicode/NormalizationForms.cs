using System.Globalization;
using System.Text;

namespace ResLora.Text.Tokenization.Unicode;

/// <summary>
/// Unicode's four normalization forms: C and D, and KC and KD, in which compatible characters such as ﬁ and ½ come apart too. The
/// runtime's own
/// <see cref="string.Normalize()"/> leaves text as it is when it runs without ICU (invariant globalization), so the data are carried along.
/// </summary>
internal static class NormalizationForms
{
    private const int FirstSyllable = 0xAC00, FirstLead = 0x1100, FirstVowel = 0x1161, FirstTail = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28;

    private static readonly Dictionary<int, int> _classes = [];
    private static readonly Dictionary<int, int[]> _parts = [];
    private static readonly Dictionary<int, int[]> _compatibleParts = [];
    private static readonly Dictionary<(int, int), int> _composites = [];

    static NormalizationForms()
    {
        using var stream = typeof(NormalizationForms).Assembly.GetManifestResourceStream("NormalizationData.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            switch (fields[0])
            {
                case "C":
                    for (var point = Hex(fields[1]); point <= Hex(fields[2]); point++)
                    {
                        _classes[point] = int.Parse(fields[3], CultureInfo.InvariantCulture);
                    }

                    break;
                case "D":
                    _composites[(Hex(fields[2]), Hex(fields[3]))] = Hex(fields[1]);
                    goto case "S";
                case "S":
                    _parts[Hex(fields[1])] = [.. fields.Skip(2).Select(Hex)];
                    break;
                case "K":
                    _compatibleParts[Hex(fields[1])] = [.. fields.Skip(2).Select(Hex)];
                    break;
            }
        }
    }

    /// <summary>Normalizes well-formed text to form C or KC.</summary>
    /// <param name="text">Text without lone surrogates.</param>
    /// <param name="compatible">Whether compatible characters come apart (KC).</param>
    /// <returns>The normalized text; the same object when no character can change.</returns>
    public static string Compose(string text, bool compatible)
    {
        // Below these every character is its own form and combines with nothing.
        var firstToChange = compatible ? '\u00A0' : '\u0300';
        return text.AsSpan().IndexOfAnyExceptInRange('\0', (char)(firstToChange - 1)) < 0
            ? text
            : Text(Compose(Decomposed(text, compatible)));
    }

    /// <summary>Normalizes well-formed text to form D or KD.</summary>
    /// <param name="text">Text without lone surrogates.</param>
    /// <param name="compatible">Whether compatible characters come apart (KD).</param>
    /// <returns>The normalized text; the same object when no character can change.</returns>
    public static string Decompose(string text, bool compatible)
    {
        var firstToChange = compatible ? '\u00A0' : '\u00C0';
        return text.AsSpan().IndexOfAnyExceptInRange('\0', (char)(firstToChange - 1)) < 0 ? text : Text(Decomposed(text, compatible));
    }

    private static List<int> Decomposed(string text, bool compatible)
    {
        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, compatible, points);
        }

        Reorder(points);
        return points;
    }

    private static string Text(List<int> points)
    {
        var text = new StringBuilder(points.Count);
        Span<char> units = stackalloc char[2];
        foreach (var point in points)
        {
            text.Append(units[..new Rune(point).EncodeToUtf16(units)]);
        }

        return text.ToString();
    }

    private static void Decompose(int point, bool compatible, List<int> output)
    {
        var syllable = point - FirstSyllable;
        if (syllable is >= 0 and < Leads * Vowels * Tails)
        {
            output.Add(FirstLead + (syllable / (Vowels * Tails)));
            output.Add(FirstVowel + (syllable / Tails % Vowels));
            if (syllable % Tails != 0)
            {
                output.Add(FirstTail + (syllable % Tails));
            }
        }
        else if (_parts.TryGetValue(point, out var parts) || (compatible && _compatibleParts.TryGetValue(point, out parts)))
        {
            foreach (var part in parts)
            {
                Decompose(part, compatible, output);
            }
        }
        else
        {
            output.Add(point);
        }
    }

    // Marks between two starters are put in the order of their classes; equal classes keep their order.
    private static void Reorder(List<int> points)
    {
        for (var start = 0; start < points.Count; start++)
        {
            var end = start;
            while (end < points.Count && ClassOf(points[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var sorted = points.GetRange(start, end - start).OrderBy(ClassOf).ToList();
                for (var i = 0; i < sorted.Count; i++)
                {
                    points[start + i] = sorted[i];
                }
            }

            start = Math.Max(start, end);
        }
    }

    private static List<int> Compose(List<int> points)
    {
        var output = new List<int>(points.Count);
        var starter = -1;
        var lastClass = 0;
        foreach (var point in points)
        {
            var pointClass = ClassOf(point);
            var blocked = output.Count - 1 != starter && lastClass >= pointClass;
            if (starter >= 0 && !blocked && Pair(output[starter], point) is { } composite)
            {
                output[starter] = composite;
                continue;
            }

            if (pointClass == 0)
            {
                starter = output.Count;
            }

            lastClass = pointClass;
            output.Add(point);
        }

        return output;
    }

    private static int? Pair(int first, int second)
    {
        if (first is >= FirstLead and < FirstLead + Leads && second is >= FirstVowel and < FirstVowel + Vowels)
        {
            return FirstSyllable + ((((first - FirstLead) * Vowels) + second - FirstVowel) * Tails);
        }

        var syllable = first - FirstSyllable;
        if (syllable is >= 0 and < Leads * Vowels * Tails && syllable % Tails == 0 && second is > FirstTail and < FirstTail + Tails)
        {
            return first + second - FirstTail;
        }

        return _composites.TryGetValue((first, second), out var composite) ? composite : null;
    }

    private static int ClassOf(int point) => _classes.GetValueOrDefault(point);

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
