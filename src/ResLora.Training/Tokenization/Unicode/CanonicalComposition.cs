using System.Globalization;
using System.Text;

namespace ResLora.Training.Tokenization.Unicode;

/// <summary>
/// Unicode's normalization forms C and D. The runtime's own <see cref="string.Normalize()"/> leaves text as it is when it runs
/// without ICU (invariant globalization), so the data are carried along.
/// </summary>
internal static class CanonicalComposition
{
    private const int FirstSyllable = 0xAC00, FirstLead = 0x1100, FirstVowel = 0x1161, FirstTail = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28;

    private static readonly Dictionary<int, int> _classes = [];
    private static readonly Dictionary<int, int[]> _parts = [];
    private static readonly Dictionary<(int, int), int> _composites = [];

    static CanonicalComposition()
    {
        using var stream = typeof(CanonicalComposition).Assembly.GetManifestResourceStream("CanonicalData.txt")!;
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
            }
        }
    }

    /// <summary>Normalizes well-formed text to form C.</summary>
    /// <param name="text">Text without lone surrogates.</param>
    /// <returns>The normalized text; the same object when no character can change.</returns>
    public static string Normalize(string text)
    {
        // Below U+0300 every character is its own form C and combines with nothing.
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', '\u02FF') < 0)
        {
            return text;
        }

        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, points);
        }

        Reorder(points);
        var normalized = new StringBuilder(text.Length);
        foreach (var point in Compose(points))
        {
            normalized.Append(new Rune(point).ToString());
        }

        return normalized.ToString();
    }

    /// <summary>Normalizes well-formed text to form D.</summary>
    /// <param name="text">Text without lone surrogates.</param>
    /// <returns>The normalized text; the same object when no character can change.</returns>
    public static string Decompose(string text)
    {
        // Below U+00C0 no character decomposes or combines.
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', '\u00BF') < 0)
        {
            return text;
        }

        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, points);
        }

        Reorder(points);
        var decomposed = new StringBuilder(points.Count);
        foreach (var point in points)
        {
            decomposed.Append(new Rune(point).ToString());
        }

        return decomposed.ToString();
    }

    private static void Decompose(int point, List<int> output)
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
        else if (_parts.TryGetValue(point, out var parts))
        {
            foreach (var part in parts)
            {
                Decompose(part, output);
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
