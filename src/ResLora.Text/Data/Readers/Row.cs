using System.Text.Json;
using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Readers;

/// <summary>
/// One row of a data file: its columns as text, and where it stands, for error messages. Numbers keep the file's own digits;
/// a missing or null value is no value. Lists and objects are JSON text, which is never taken for a text.
/// </summary>
/// <param name="File">The file the row comes from.</param>
/// <param name="Where">The place in the file, for example <c>line 3</c>.</param>
/// <param name="Values">Column name to value.</param>
public sealed record Row(string File, string Where, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>The longest row that a reader takes, in characters (for delimited files: the longest field).</summary>
    public const int MaxCharacters = 1 << 22;

    private const int MostNames = 20;

    /// <summary>The columns whose value is a list or an object, as JSON.</summary>
    public IReadOnlySet<string> Nested { get; init; } = new HashSet<string>();

    /// <summary>
    /// The columns that were asked for as bytes and have some: Parquet's, whether bytes or the hub's structure of <c>bytes</c> and
    /// <c>path</c>. The path is in <see cref="Values"/>, under the column's name.
    /// </summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Bytes { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>
    /// The value of a column, or null when the row has none. Numbers, truth values and dates are the text that the file has.
    /// </summary>
    /// <param name="column">The column's name, case included.</param>
    /// <returns>The value as text.</returns>
    /// <exception cref="FileFormatException">The value is a list or an object.</exception>
    public string? Find(string column) => Nested.Contains(column)
        ? throw Error($"column '{column}' needs a text and holds {NestedValue.Describe(Values[column])}")
        : Values.GetValueOrDefault(column);

    /// <summary>The value of a column that must be there.</summary>
    /// <param name="column">The column's name, case included.</param>
    /// <returns>The value as text; it may be empty.</returns>
    /// <exception cref="FileFormatException">The row has no such value, or it is a list or an object.</exception>
    public string Require(string column) => Find(column) ?? throw Missing(column);

    /// <summary>The texts of a column that holds a list: a JSON array in any format's cell.</summary>
    /// <param name="column">The column's name, case included.</param>
    /// <returns>The elements as text.</returns>
    /// <exception cref="FileFormatException">The row has no such value, or it is not a list of texts and numbers.</exception>
    public IReadOnlyList<string> RequireList(string column)
    {
        var text = Values.GetValueOrDefault(column) ?? throw Missing(column);
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Array
                && document.RootElement.EnumerateArray().All(e => e.ValueKind is JsonValueKind.String or JsonValueKind.Number))
            {
                return [.. document.RootElement.EnumerateArray().Select(element => element.ToString())];
            }
        }
        catch (JsonException)
        {
            // Said below in our own words.
        }

        throw Error($"column '{column}' is {Excerpt(text)}, expected a list such as [\"one\", \"two\"]");
    }

    /// <summary>An error that names this row's file and place.</summary>
    /// <param name="reason">What is wrong, without a full stop at the end.</param>
    /// <returns>The exception to throw.</returns>
    public FileFormatException Error(string reason) => new($"{File}, {Where}: {reason}.");

    /// <summary>The beginning of a text in quotes, short enough for a message.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>At most 60 characters of it.</returns>
    public static string Excerpt(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= 60 ? $"'{text}'" : $"'{text[..57]}...'";
    }

    private FileFormatException Missing(string column) => Error(
        $"there is no value for column '{column}'.{NearestName.Suggestion(column, Values.Keys)} The row has: {string.Join(", ", Values.Keys.Take(MostNames))}. "
        + $"Name the right column in data.columns ({column}: NAME), or with --column {column}=NAME");
}
