using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Readers;

/// <summary>Opens a data file by its extension and gives its rows one after the other.</summary>
public static class RowReader
{
    /// <summary>The extensions that can be read.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".jsonl", ".json", ".csv", ".tsv", ".parquet"];

    /// <summary>
    /// Reads <c>.jsonl</c> (an object a line), <c>.json</c> (an array of objects, objects one after the other, or one object whose members
    /// are the columns), <c>.csv</c> (quotes as in RFC 4180), <c>.tsv</c> (no quoting) and <c>.parquet</c>. Delimited files need a header
    /// line.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>The rows, read as they are asked for; errors therefore come while enumerating.</returns>
    /// <exception cref="FileFormatException">The file is missing, unreadable, empty, of an unknown kind, or breaks its format.</exception>
    public static IEnumerable<Row> Read(string path) => Read(path, layout: null);

    /// <summary>Reads as <see cref="Read(string)"/> does, some columns of <c>.parquet</c> as bytes: pictures, say.</summary>
    /// <param name="path">The file.</param>
    /// <param name="binary">Their names; those that are not there, or are no bytes, are read as ever.</param>
    /// <returns>The rows, with <see cref="Row.Bytes"/>.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Read(string)"/>.</exception>
    public static IEnumerable<Row> Read(string path, IReadOnlySet<string> binary) => Read(path, layout: null, binary);

    /// <summary>Reads as <see cref="Read(string)"/> does, with what a data set allows in its own <c>.tsv</c> files.</summary>
    /// <param name="path">The file.</param>
    /// <param name="layout">The data set's rules; null for none.</param>
    /// <param name="binary">Columns that are wanted as bytes; null for none.</param>
    /// <returns>The rows; one without values is a broken line, where the rules have such.</returns>
    internal static IEnumerable<Row> Read(string path, TsvLayout? layout, IReadOnlySet<string>? binary = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!File.Exists(path))
        {
            throw new FileFormatException(
                path.Length == 0 ? "The path of the data is empty; is a variable unset?"
                : Directory.Exists(path) ? $"{path} is a folder; a data file is needed here ({string.Join(", ", Extensions)})."
                : $"{path} does not exist.");
        }

        var extension = Path.GetExtension(path).ToLowerInvariant();
        var rows = extension switch
        {
            ".jsonl" => JsonLinesReader.Read(path),
            ".json" => JsonReader.Read(path),
            ".csv" => DelimitedReader.Read(path, ",", quoted: true),
            ".tsv" => DelimitedReader.Read(path, "\t", quoted: false, layout),
            ".parquet" => ParquetRows.Read(path, binary),
            _ => throw new FileFormatException(
                $"{path} has the extension '{extension}'; data files are {string.Join(", ", Extensions)}."),
        };
        return NotEmpty(rows, path);
    }

    /// <summary>Reads one line of JSON Lines.</summary>
    /// <param name="line">The line, a JSON object.</param>
    /// <param name="source">What it is from, for errors.</param>
    /// <param name="where">Where it stands there, for errors.</param>
    /// <returns>The row.</returns>
    /// <exception cref="FileFormatException">The line is no JSON object.</exception>
    public static Row ParseLine(string line, string source, string where) => JsonLinesReader.Parse(line, source, where);

    /// <summary>
    /// The rows of lines that somebody types or pipes: a line that begins with a brace is a JSON object, any other is a text itself; blank
    /// lines are left out.
    /// </summary>
    /// <param name="lines">The lines.</param>
    /// <param name="source">What they are from, for errors.</param>
    /// <param name="column">The column of a line that is a text itself.</param>
    /// <returns>The rows, read as they are asked for.</returns>
    /// <exception cref="FileFormatException">While enumerating: a line with a brace is no JSON object.</exception>
    public static IEnumerable<Row> OfLines(IEnumerable<string> lines, string source, string column)
    {
        ArgumentNullException.ThrowIfNull(lines);
        return lines
            .Select((line, i) => (Text: line, Where: $"line {i + 1}"))
            .Where(line => !string.IsNullOrWhiteSpace(line.Text))
            .Select(line => line.Text.TrimStart().StartsWith('{')
                ? ParseLine(line.Text, source, line.Where)
                : new Row(source, line.Where, new Dictionary<string, string> { [column] = line.Text }));
    }

    private static IEnumerable<Row> NotEmpty(IEnumerable<Row> rows, string path)
    {
        var any = false;
        foreach (var row in rows)
        {
            any = true;
            yield return row;
        }

        if (!any)
        {
            throw new FileFormatException($"{path} holds no rows.");
        }
    }
}
