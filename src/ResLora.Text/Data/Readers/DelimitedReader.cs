using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Text.Data.Readers;

/// <summary>Reads comma- and tab-separated files.</summary>
internal static class DelimitedReader
{
    /// <summary>Reads the rows lazily.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="delimiter">What stands between the fields.</param>
    /// <param name="quoted">Whether quotes group (CSV) or are ordinary characters (TSV).</param>
    /// <param name="layout">What the data set allows beyond a header line and rows alike; null for nothing.</param>
    /// <returns>The rows; <see cref="Row.Where"/> is the number of the line on which the row ends.</returns>
    /// <exception cref="FileFormatException">No header, a name twice, a row with other fields than the header, a stray quote, no
    /// UTF-8.</exception>
    public static IEnumerable<Row> Read(string path, string delimiter, bool quoted, TsvLayout? layout = null)
    {
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = delimiter,
            Mode = quoted ? CsvMode.RFC4180 : CsvMode.NoEscape,
            MaxFieldSize = Row.MaxCharacters,
            BadDataFound = bad => throw new FileFormatException(
                $"{path}, line {bad.Context.Parser?.RawRow}: stray quote in {Row.Excerpt(bad.Field)}; quote the field and double the quotes inside it."),
        };
        using var reader = new LineReader(new TextLines(InputFile.OpenRead(path), path));
        using var parser = new CsvParser(reader, configuration);
        if (Next(parser, path) is not { } first)
        {
            yield break;
        }

        var hasHeader = layout?.IsHeader(first) != false;
        var header = hasHeader ? first : layout!.ColumnsOf(first, path);
        if (header.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new FileFormatException($"{path}, line 1: the header names column '{twice.Key}' twice.");
        }

        for (var fields = hasHeader ? Next(parser, path) : first; fields is not null; fields = Next(parser, path))
        {
            var where = $"line {parser.RawRow}";
            if (fields.Length == header.Count)
            {
                yield return new Row(
                    path, where, header.Zip(fields).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal));
            }
            else if (layout?.HasBrokenLines == true)
            {
                yield return new Row(path, where, new Dictionary<string, string>());
            }
            else
            {
                var expected = hasHeader ? "as in the header" : "as in the first line";
                throw new FileFormatException($"{path}, {where}: found {fields.Length} fields, expected {header.Count} {expected}.");
            }
        }
    }

    private static string[]? Next(CsvParser parser, string path)
    {
        try
        {
            return parser.Read() ? parser.Record : null;
        }
        catch (CsvHelperException error)
        {
            throw new FileFormatException($"{path}, line {parser.RawRow}: cannot be read as delimited text, or a field is longer than {Row.MaxCharacters} characters.", error);
        }
    }
}
