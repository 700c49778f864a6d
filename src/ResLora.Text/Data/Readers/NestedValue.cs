using System.Text.Json;

namespace ResLora.Text.Data.Readers;

/// <summary>Says what a list or an object in the place of a text is, and what to do about it.</summary>
internal static class NestedValue
{
    private static readonly string[] _roles = ["role", "from"];

    /// <summary>A phrase for an error.</summary>
    /// <param name="json">The value as JSON.</param>
    /// <returns>What it is and what would be read.</returns>
    public static string Describe(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var value = document.RootElement;
            return value.ValueKind == JsonValueKind.Object ? AnObject(value) : AList(value);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return "a value that is not text; write the text that is meant";
        }
    }

    private static string AnObject(JsonElement value) =>
        $"an object ({string.Join(", ", value.EnumerateObject().Select(member => member.Name).Take(5))}); write the text that is meant as a column of its own";

    private static string AList(JsonElement value)
    {
        var first = value.EnumerateArray().FirstOrDefault();
        return first.ValueKind == JsonValueKind.Object && _roles.Any(role => first.TryGetProperty(role, out _))
            ? $"a conversation of {value.GetArrayLength()} messages, which task chat reads (--task chat)"
            : $"a list of {value.GetArrayLength()} values; write one text a row";
    }
}
