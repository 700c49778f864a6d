using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Chat;

/// <summary>What a message says: a text, or a list of parts that are texts.</summary>
internal static class MessageContent
{
    /// <summary>Reads it; parts follow each other on lines of their own.</summary>
    /// <param name="content">The value; null for none.</param>
    /// <param name="error">Makes an error of a reason.</param>
    /// <returns>The text; null for none.</returns>
    public static string? Of(JsonElement? content, Func<string, FileFormatException> error) => content switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Array } parts => string.Join('\n', parts.EnumerateArray().Select(part => Part(part, error))),
        { ValueKind: JsonValueKind.Object } => throw error("has an object for its content; a text is needed, or a list of parts"),
        { } value => value.GetRawText(),
    };

    private static string Part(JsonElement part, Func<string, FileFormatException> error)
    {
        if (part.ValueKind == JsonValueKind.String)
        {
            return part.GetString()!;
        }

        var type = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var named) ? named.ToString() : null;
        return type switch
        {
            "text" when part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String => text.GetString()!,
            null => throw error("has a part of its content without a type; parts are {\"type\": \"text\", \"text\": ...}"),
            "text" => throw error("has a part of type 'text' without a text"),
            _ => throw error($"has a part of type {Row.Excerpt(type)}; only texts are read"),
        };
    }
}
