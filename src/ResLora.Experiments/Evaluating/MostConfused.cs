namespace ResLora.Experiments.Evaluating;

/// <summary>Chooses the labels that a picture has room for.</summary>
internal static class MostConfused
{
    /// <summary>The most labels that are drawn.</summary>
    public const int Most = 40;

    /// <summary>The labels with the most mistakes, those made of them and those made for them, in their own order.</summary>
    /// <param name="confusion">A row for each right label, in it the count of each predicted one.</param>
    /// <returns>Their numbers; all where there are not too many.</returns>
    public static IReadOnlyList<int> Of(IReadOnlyList<IReadOnlyList<int>> confusion)
    {
        var mistakes = new int[confusion.Count];
        for (var right = 0; right < confusion.Count; right++)
        {
            for (var said = 0; said < confusion.Count; said++)
            {
                var count = right == said ? 0 : confusion[right][said];
                mistakes[right] += count;
                mistakes[said] += count;
            }
        }

        return [.. Enumerable.Range(0, confusion.Count).OrderByDescending(label => mistakes[label]).Take(Most).Order()];
    }
}
