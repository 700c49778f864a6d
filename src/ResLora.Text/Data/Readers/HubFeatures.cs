using System.Text.Json;
using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Readers;

/// <summary>What Hugging Face's datasets write into a Parquet file about its columns, under the key <c>huggingface</c>.</summary>
public static class HubFeatures
{
    private const string Key = "huggingface";

    /// <summary>The names of a column's classes, whose numbers the column holds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="column">The column.</param>
    /// <returns>The names in the order of their numbers; null where the file does not say.</returns>
    /// <exception cref="FileFormatException">The file is not Parquet or is damaged.</exception>
    public static IReadOnlyList<string>? ClassNames(string path, string column)
    {
        if (ParquetRows.Metadata(path).GetValueOrDefault(Key) is not { } text)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            var names = new[] { "info", "features", column, "names" }.Aggregate((JsonElement?)document.RootElement, Member);
            return names is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(
                name => name.ValueKind == JsonValueKind.String)
                ? [.. list.EnumerateArray().Select(name => name.GetString()!)]
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new FileFormatException($"{path}: what it says under '{Key}' is not valid JSON.", error);
        }
    }

    private static JsonElement? Member(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } members && members.TryGetProperty(name, out var value) ? value : null;
}
