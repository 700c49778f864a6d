namespace ResLora.Text.Tokenization.Patterns;

/// <summary>
/// Letters of a pattern that stand side by side and whose case does not count. Some of them together are the same as one other character:
/// ss as ß.
/// </summary>
/// <param name="alphabet">Takes in their sets.</param>
internal sealed class FoldedLetters(PatternAlphabet alphabet)
{
    private readonly List<int> _points = [];

    /// <summary>Takes the next letter.</summary>
    /// <param name="point">The letter.</param>
    /// <returns>Nothing yet.</returns>
    public string Add(int point)
    {
        _points.Add(point);
        return "";
    }

    /// <summary>Ends the letters.</summary>
    /// <returns>The pattern of those that came so far.</returns>
    public string Flush()
    {
        var output = "";
        for (var i = 0; i < _points.Count;)
        {
            var (length, others) = Longest(i);
            output += length == 1
                ? One(alphabet, _points[i])
                : $"(?:{Sequence(alphabet, _points.GetRange(i, length))}|{alphabet.Mention(others)})";
            i += length;
        }

        _points.Clear();
        return output;
    }

    /// <summary>The pattern of one letter: all that is the same, several characters too.</summary>
    public static string One(PatternAlphabet alphabet, int point)
    {
        var alike = alphabet.Mention(CaseFolding.Close(CodePointSet.Of(point))).ToString();
        return CaseFolding.FullOf(point) is { } folded ? $"(?:{alike}|{Sequence(alphabet, folded)})" : alike;
    }

    /// <summary>The pattern of letters one by one.</summary>
    public static string Sequence(PatternAlphabet alphabet, IEnumerable<int> points) =>
        string.Concat(points.Select(point => alphabet.Mention(CaseFolding.Close(CodePointSet.Of(point)))));

    // How many letters from here on can be one character, at most, and which characters.
    private (int Length, CodePointSet Others) Longest(int start)
    {
        var found = CaseFolding.Full.Where(entry => entry.Folded.Length <= _points.Count - start
            && entry.Folded.Select((key, i) => key == CaseFolding.Key(_points[start + i])).All(same => same)).ToList();
        if (found.Count == 0)
        {
            return (1, CodePointSet.Empty);
        }

        var length = found.Max(entry => entry.Folded.Length);
        return (length, found.Where(entry => entry.Folded.Length == length)
            .Aggregate(CodePointSet.Empty, (set, entry) => set.Or(CaseFolding.Close(CodePointSet.Of(entry.Point)))));
    }
}
