using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Text.Data.Readers;

/// <summary>Reads JSON Lines: one object a line, blank lines skipped.</summary>
internal static class JsonLinesReader
{
    /// <summary>Reads the rows lazily.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <returns>The rows; <see cref="Row.Where"/> is the line number from 1.</returns>
    /// <exception cref="FileFormatException">A line is no JSON object, not UTF-8, or longer than
    /// <see cref="Row.MaxCharacters"/>.</exception>
    public static IEnumerable<Row> Read(string path)
    {
        using var lines = new TextLines(InputFile.OpenRead(path), path);
        while (lines.Next() is { } line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, path, $"line {lines.Number}");
            }
        }
    }

    /// <summary>The row of a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="path">The file, for the row.</param>
    /// <param name="where">The place, for the row.</param>
    /// <returns>The row.</returns>
    /// <exception cref="FileFormatException">The line is no JSON object, or longer than <see cref="Row.MaxCharacters"/>.</exception>
    public static Row Parse(string line, string path, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(line, JsonRow.Options);
            return JsonRow.From(document.RootElement, path, where);
        }
        catch (JsonException error)
        {
            throw new FileFormatException(
                $"{path}, {where}: {Row.Excerpt(line.TrimEnd())} is not a JSON object on one line ({error.Message}).", error);
        }
    }
}
