namespace ResLora.Formats.Errors;

/// <summary>Finds the known name that a misspelt one most likely meant, for error messages.</summary>
public static class NearestName
{
    // A hostile file may hold names by the million, or one of a megabyte; to compare them all would take minutes. The tensors of a
    // large model, some 80 layers, have about a thousand names.
    private const int LongestCompared = 256;
    private const int MostCompared = 20_000;

    /// <summary>The known names nearest to <paramref name="wanted"/> by edit distance, best first.</summary>
    /// <param name="wanted">The name that was not found; nothing is near one of more than 256 characters.</param>
    /// <param name="known">The names that exist; of more than 20,000 the rest is left out.</param>
    /// <param name="count">How many to return at most.</param>
    /// <returns>Up to <paramref name="count"/> names; empty when nothing is known.</returns>
    public static IReadOnlyList<string> Find(string wanted, IEnumerable<string> known, int count = 3) =>
        wanted.Length > LongestCompared ? [] : [.. known.Take(MostCompared)
            .Where(name => name.Length <= LongestCompared)
            .Distinct(StringComparer.Ordinal)
            .OrderBy(name => Distance(wanted, name))
            .ThenBy(name => name, StringComparer.Ordinal)
            .Take(count)];

    /// <summary>The phrase <c> Did you mean 'x'?</c>, or nothing when no known name is near.</summary>
    /// <param name="wanted">The name that was not found.</param>
    /// <param name="known">The names that exist.</param>
    /// <returns>A sentence with a leading blank, or an empty string.</returns>
    public static string Suggestion(string wanted, IEnumerable<string> known)
    {
        var nearest = Find(wanted, known, 1);
        return nearest.Count == 1 && Distance(wanted, nearest[0]) <= Math.Max(2, wanted.Length / 2)
            ? $" Did you mean '{nearest[0]}'?"
            : "";
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + cost));
            }
        }

        return row[b.Length];
    }
}
