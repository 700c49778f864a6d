using System.Text;
using System.Text.Json;
using ResLora.Formats.Errors;

namespace ResLora.Training.Data.Readers;

/// <summary>Reads JSON Lines: one object a line, blank lines skipped.</summary>
internal static class JsonLinesReader
{
    /// <summary>Reads the rows lazily.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <returns>The rows; <see cref="Row.Where"/> is the line number from 1.</returns>
    /// <exception cref="FileFormatException">A line is no JSON object, not UTF-8, or longer than <see cref="Row.MaxCharacters"/>.</exception>
    public static IEnumerable<Row> Read(string path)
    {
        using var reader = new StreamReader(path, RowReader.Utf8);
        var buffer = new StringBuilder();
        for (var number = 1L; ; number++)
        {
            var where = $"line {number}";
            if (ReadLine(reader, buffer, path, where) is not { } line)
            {
                yield break;
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, path, where);
            }
        }
    }

    private static Row Parse(string line, string path, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(line, JsonRow.Options);
            return JsonRow.From(document.RootElement, path, where);
        }
        catch (JsonException error)
        {
            throw new FileFormatException($"{path}, {where}: {Row.Excerpt(line)} is not a JSON object on one line ({error.Message}).", error);
        }
    }

    // StreamReader.ReadLine would put a file without line breaks into one string, whatever its size.
    private static string? ReadLine(StreamReader reader, StringBuilder buffer, string path, string where)
    {
        buffer.Clear();
        try
        {
            int next;
            while ((next = reader.Read()) >= 0)
            {
                if (next == '\n')
                {
                    return buffer.ToString();
                }

                if (buffer.Length == Row.MaxCharacters)
                {
                    throw new FileFormatException($"{path}, {where}: the line is longer than {Row.MaxCharacters} characters; is this JSON Lines?");
                }

                buffer.Append((char)next);
            }
        }
        catch (DecoderFallbackException error)
        {
            throw new FileFormatException($"{path}, at or after {where}: the bytes are not UTF-8; save the file as UTF-8.", error);
        }

        return buffer.Length > 0 ? buffer.ToString() : null;
    }
}
