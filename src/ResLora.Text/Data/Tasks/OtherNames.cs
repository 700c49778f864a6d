using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// Names that files often have for a task's columns. They are tried where neither the task's own names nor the user's are there.
/// </summary>
public static class OtherNames
{
    // What stands beside a prompt under these names belongs to it; a guess would leave it out without a word.
    private static readonly string[] _furtherParts = ["input", "context", "system"];

    /// <summary>The names that the columns have in a file.</summary>
    /// <param name="row">Its first row.</param>
    /// <param name="columns">The task's columns.</param>
    /// <param name="names">Other names of all columns, as many as <paramref name="columns"/> each.</param>
    /// <returns>The task's name of each column to the file's; null when the file has one of the task's names, or none of the
    /// others.</returns>
    internal static IReadOnlyDictionary<string, string>? Find(
        Row row, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> names) =>
        columns.Any(row.Values.ContainsKey)
            ? null
            : names.FirstOrDefault(known => known.All(row.Values.ContainsKey)) is { } found
                ? columns.Zip(found).ToDictionary(pair => pair.First, pair => pair.Second)
                : null;

    /// <summary>Refuses a row with a text that belongs to the prompt and that no column is named for.</summary>
    /// <param name="row">The row.</param>
    /// <param name="guessed">The columns that were guessed.</param>
    /// <exception cref="Formats.Errors.FileFormatException">There is such a text.</exception>
    internal static void RequireNothingLeftOut(Row row, IReadOnlyDictionary<string, string> guessed)
    {
        var part = _furtherParts.FirstOrDefault(
            name => !guessed.Values.Contains(name) && !string.IsNullOrWhiteSpace(row.Values.GetValueOrDefault(name)));
        if (part is not null)
        {
            throw row.Error(
                $"column '{part}' has a text beside {string.Join(" and ", guessed.Values.Select(name => $"'{name}'"))}; task alpaca reads instruction, input and output, "
                + $"or say in data.columns that only these two are meant ({string.Join(", ", guessed.Select(pair => $"{pair.Key}: {pair.Value}"))})");
        }
    }

    /// <summary>Says which columns were guessed.</summary>
    /// <param name="guessed">The columns.</param>
    /// <returns>A phrase, or null when none were.</returns>
    public static string? Describe(IReadOnlyDictionary<string, string> guessed)
    {
        ArgumentNullException.ThrowIfNull(guessed);
        return guessed.Count == 0
            ? null
            : $"{string.Join(", ", guessed.Select(pair => $"'{pair.Value}' is taken for {pair.Key}"))}; name others in data.columns (--column)";
    }
}
