using System.Text.Json;
using ResLora.Formats.Errors;

namespace ResLora.Training.Data.Readers;

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
            throw new FileFormatException($"{path}, {where}: found {element.ValueKind.ToString().ToLowerInvariant()}, expected a JSON object.");
        }

        try
        {
            if (element.GetRawText().Length > Row.MaxCharacters)
            {
                throw new FileFormatException($"{path}, {where}: the row is longer than {Row.MaxCharacters} characters.");
            }

            return new Row(path, where, element.EnumerateObject()
                .Where(member => member.Value.ValueKind != JsonValueKind.Null)
                .ToDictionary(member => member.Name, member => Text(member.Value), StringComparer.Ordinal));
        }
        catch (InvalidOperationException error)
        {
            // Valid JSON grammar, but not text: the parser only finds out when the text is asked for.
            throw new FileFormatException($"{path}, {where}: a text is not UTF-8 or holds half of a Unicode surrogate pair.", error);
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
