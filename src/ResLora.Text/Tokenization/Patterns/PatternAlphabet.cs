using System.Text;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>
/// The sets of characters of one pattern, and a letter for all characters that are in the same of them. Written in these letters, a pattern
/// and a text mean to .NET what they meant: a letter is one UTF-16 unit, and no set is one of .NET's own.
/// </summary>
internal sealed class PatternAlphabet
{
    /// <summary>The first of the characters by which a pattern mentions its sets; the rest of it is ASCII.</summary>
    private const char FirstMention = '\u0100';

    private readonly Dictionary<CodePointSet, char> _mentions = [];
    private readonly List<CodePointSet> _sets = [];
    private readonly Lazy<(int[] Starts, char[] Letters)> _letters;
    private readonly Lazy<char[]> _plane;

    /// <summary>Makes an alphabet without sets.</summary>
    public PatternAlphabet()
    {
        _letters = new(FindLetters);
        _plane = new(FindPlane);
    }

    /// <summary>Takes in a set.</summary>
    /// <param name="set">The set.</param>
    /// <returns>The character that stands for it in the pattern until <see cref="Write(string)"/>.</returns>
    public char Mention(CodePointSet set)
    {
        if (!_mentions.TryGetValue(set, out var mention))
        {
            mention = (char)(FirstMention + _sets.Count);
            _mentions.Add(set, mention);
            _sets.Add(set);
        }

        return mention;
    }

    /// <summary>Writes a pattern in the letters; no set can be taken in afterwards.</summary>
    /// <param name="pattern">.NET's syntax with the characters that <see cref="Mention"/> gave.</param>
    /// <returns>The pattern.</returns>
    public string Write(string pattern)
    {
        var output = new StringBuilder();
        foreach (var c in pattern)
        {
            output.Append(c < FirstMention ? c.ToString() : Letters(_sets[c - FirstMention]));
        }

        return output.ToString();
    }

    /// <summary>Writes a text in the letters.</summary>
    /// <param name="text">Well-formed text.</param>
    /// <param name="target">Takes the letters, as many as the text has characters; it has room for one a UTF-16 unit.</param>
    /// <param name="offsets">Takes where each character stands in the text, and the text's length; null when all are one unit.</param>
    /// <returns>The number of letters.</returns>
    public int Write(string text, Span<char> target, int[]? offsets)
    {
        var plane = _plane.Value;
        var count = 0;
        for (var i = 0; i < text.Length; i++, count++)
        {
            if (offsets is not null)
            {
                offsets[count] = i;
            }

            target[count] = char.IsHighSurrogate(text[i]) ? LetterOf(char.ConvertToUtf32(text[i], text[++i])) : plane[text[i]];
        }

        if (offsets is not null)
        {
            offsets[count] = text.Length;
        }

        return count;
    }

    private string Letters(CodePointSet set)
    {
        var (starts, letters) = _letters.Value;
        var mine = letters.Where((_, i) => set.Contains(starts[i])).Distinct().Order();
        var ranges = CodePointSet.OfSorted(mine.Select(letter => ((int)letter, (int)letter))).Ranges.ToList();
        return ranges switch
        {
            [] => "(?!)",
            [var (first, last)] when first == last => Escaped(first),
            _ => $"[{string.Concat(ranges.Select(range => $"{Escaped(range.First)}-{Escaped(range.Last)}"))}]",
        };
    }

    private static string Escaped(int letter) => $"\\u{letter:X4}";

    // From one set to the next, the characters that were alike so far come apart where only some of them are in it.
    private (int[] Starts, char[] Letters) FindLetters()
    {
        int[] starts = [.. _sets.SelectMany(set => set.Ranges).SelectMany(range => new[] { range.First, range.Last + 1 })
            .Prepend(0).Where(start => start < CodePointSet.Bound).Distinct().Order()];
        var alike = new int[starts.Length];
        var next = 0;
        foreach (var set in _sets)
        {
            var inside = new Dictionary<int, int>();
            foreach (var (first, last) in set.Ranges)
            {
                for (var i = Array.BinarySearch(starts, first); i < starts.Length && starts[i] <= last; i++)
                {
                    if (!inside.TryGetValue(alike[i], out var group))
                    {
                        group = ++next;
                        inside.Add(alike[i], group);
                    }

                    alike[i] = group;
                }
            }
        }

        var letters = new Dictionary<int, char>();
        foreach (var group in alike)
        {
            letters.TryAdd(group, (char)letters.Count);
        }

        return (starts, [.. alike.Select(group => letters[group])]);
    }

    private char[] FindPlane()
    {
        var (starts, letters) = _letters.Value;
        var plane = new char[char.MaxValue + 1];
        for (var i = 0; i < starts.Length && starts[i] < plane.Length; i++)
        {
            Array.Fill(
                plane, letters[i], starts[i], Math.Min(plane.Length, i + 1 < starts.Length ? starts[i + 1] : plane.Length) - starts[i]);
        }

        return plane;
    }

    private char LetterOf(int point)
    {
        var (starts, letters) = _letters.Value;
        var at = Array.BinarySearch(starts, point);
        return letters[at >= 0 ? at : ~at - 1];
    }
}
