using System.Text.Json;
using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Readers;

/// <summary>Turns a JSON object into a row.</summary>
internal static class JsonRow
{
    /// <summary>A key written twice is an error: which of the two was meant?</summary>
    public static JsonDocumentOptions Options { get; } = new() { AllowDuplicateProperties = false };

    /// <summary>Copies the object's members as text.</summary>
    /// <param name="element">Any JSON value; only an object makes a row.</param>
    /// <param name="path">The file, for the row.</param>
    /// <param name="where">The place, for the row.</param>
    /// <returns>The row, which does not refer to the document any more.</returns>
    /// <exception cref="FileFormatException">The value is not an object, is longer than a row may be, or holds broken text.</exception>
    public static Row From(JsonElement element, string path, string where)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new FileFormatException(
                $"{path}, {where}: found {element.ValueKind.ToString().ToLowerInvariant()}, expected a JSON object.");
        }

        try
        {
            if (element.GetRawText().Length > Row.MaxCharacters)
            {
                throw new FileFormatException($"{path}, {where}: the row is longer than {Row.MaxCharacters} characters.");
            }

            return From(element.EnumerateObject().Select(member => (member.Name, member.Value)), path, where);
        }
        catch (InvalidOperationException error)
        {
            throw Broken(path, where, error);
        }
    }

    /// <summary>Copies values as text; null values are no values.</summary>
    /// <param name="cells">The columns' names, each once, and their values.</param>
    /// <param name="path">The file, for the row.</param>
    /// <param name="where">The place, for the row.</param>
    /// <returns>The row.</returns>
    /// <exception cref="FileFormatException">A text is broken.</exception>
    public static Row From(IEnumerable<(string Name, JsonElement Value)> cells, string path, string where)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var nested = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var (name, value) in cells.Where(cell => cell.Value.ValueKind != JsonValueKind.Null))
            {
                values.Add(name, value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText());
                if (value.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
                {
                    nested.Add(name);
                }
            }
        }
        catch (InvalidOperationException error)
        {
            throw Broken(path, where, error);
        }

        return new Row(path, where, values) { Nested = nested };
    }

    /// <summary>
    /// The error for what is valid JSON grammar but not text, which the parser finds out only when the text is asked for.
    /// </summary>
    public static FileFormatException Broken(string path, string where, InvalidOperationException error) =>
        new($"{path}, {where}: a text is not UTF-8 or holds half of a Unicode surrogate pair.", error);
}
