using System.Text.Json;
using ResLora.Formats.Errors;

namespace ResLora.Training.Data.Readers;

/// <summary>Reads a JSON file that is one array of objects, element by element, so that a large file is never in memory as a whole.</summary>
internal static class JsonArrayReader
{
    private static readonly JsonSerializerOptions _options = new() { AllowDuplicateProperties = false };

    /// <summary>Whether the first character that is not white space opens an array.</summary>
    /// <param name="path">The file.</param>
    /// <returns>True for <c>[</c>.</returns>
    public static bool StartsAsArray(string path)
    {
        using var reader = new StreamReader(path);
        int next;
        do
        {
            next = reader.Read();
        }
        while (next >= 0 && char.IsWhiteSpace((char)next));
        return next == '[';
    }

    /// <summary>Reads the rows lazily.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <returns>The rows; <see cref="Row.Where"/> is the element's number from 1.</returns>
    /// <exception cref="FileFormatException">The file is not JSON, or an element is no object.</exception>
    public static IEnumerable<Row> Read(string path)
    {
        using var file = File.OpenRead(path);
        using var elements = JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(file, _options).ToBlockingEnumerable().GetEnumerator();
        for (var number = 1L; ; number++)
        {
            var where = $"element {number}";
            if (!MoveNext(elements, path, where))
            {
                yield break;
            }

            yield return JsonRow.From(elements.Current, path, where);
        }
    }

    private static bool MoveNext(IEnumerator<JsonElement> elements, string path, string where)
    {
        try
        {
            return elements.MoveNext();
        }
        catch (JsonException error)
        {
            throw new FileFormatException($"{path}, {where} (line {error.LineNumber + 1} of the file or a later one): not valid JSON ({error.Message}).", error);
        }
    }
}
