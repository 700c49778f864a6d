using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Chat;

/// <summary>Tools and their calls, in the form that chat templates expect.</summary>
internal static class ToolCalls
{
    /// <summary>
    /// The calls of a message. Arguments that are written as text, as OpenAI does, become the object that they are the text of: templates
    /// write them out again.
    /// </summary>
    /// <param name="calls">The value of <c>tool_calls</c>.</param>
    /// <param name="error">Makes an error of a reason.</param>
    /// <returns>The calls; null for an empty list, which is no call.</returns>
    public static JsonElement? Normal(JsonElement calls, Func<string, FileFormatException> error)
    {
        if (calls.ValueKind != JsonValueKind.Array)
        {
            throw error("has tool_calls that are no list");
        }

        var list = calls.EnumerateArray().Select(call => Call(call, error)).ToArray();
        return list.Length == 0 ? null : JsonSerializer.SerializeToElement(list);
    }

    /// <summary>
    /// The call that ShareGPT's layout writes as a text: an object with <c>name</c> and <c>arguments</c>, or a list of such.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="error">Makes an error of a reason.</param>
    public static JsonElement OfText(string text, Func<string, FileFormatException> error)
    {
        var written = Parse(text) ?? throw error("is a call of a tool, and its value is not JSON");
        JsonElement[] calls = written.ValueKind == JsonValueKind.Array ? [.. written.EnumerateArray()] : [written];
        return Normal(JsonSerializer.SerializeToElement(calls), error) ?? throw error("is a call of a tool, and its value names none");
    }

    /// <summary>The tools of a row: a list, or the JSON text of one.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The column.</param>
    /// <returns>The tools; null for none.</returns>
    public static JsonElement? ToolsOf(Row row, string column)
    {
        if (!row.Values.TryGetValue(column, out var text) || string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        var tools = Parse(text);
        return tools is { ValueKind: JsonValueKind.Array }
            ? tools.Value.GetArrayLength() == 0 ? null : tools
            : throw row.Error($"column '{column}' is {Row.Excerpt(text)}, expected a list of tools, or the JSON text of one");
    }

    private static Dictionary<string, JsonElement> Call(JsonElement call, Func<string, FileFormatException> error)
    {
        if (call.ValueKind != JsonValueKind.Object)
        {
            throw error("has a tool call that is no object");
        }

        var members = Members(call);
        var function = members.TryGetValue("function", out var inner) ? inner : call;
        var parts = function.ValueKind == JsonValueKind.Object ? Members(function) : [];
        if (!parts.TryGetValue("name", out var name) || name.ValueKind != JsonValueKind.String)
        {
            throw error("has a tool call without the name of a function");
        }

        parts["arguments"] = Arguments(parts.GetValueOrDefault("arguments"), name.GetString()!, error);
        var written = new Dictionary<string, JsonElement> { ["type"] = JsonSerializer.SerializeToElement("function") };
        foreach (var (key, value) in members.Where(member => member.Key is not ("function" or "name" or "arguments")))
        {
            written[key] = value;
        }

        written["function"] = JsonSerializer.SerializeToElement(parts);
        return written;
    }

    private static JsonElement Arguments(JsonElement arguments, string name, Func<string, FileFormatException> error)
    {
        if (arguments.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.String))
        {
            return arguments;
        }

        var text = arguments.ValueKind == JsonValueKind.String ? arguments.GetString()! : "";
        return Parse(string.IsNullOrWhiteSpace(text) ? "{}" : text)
            ?? throw error($"calls {name} with arguments that are not JSON: {Row.Excerpt(text)}");
    }

    private static Dictionary<string, JsonElement> Members(JsonElement element) => element.EnumerateObject()
        .Where(member => member.Value.ValueKind != JsonValueKind.Null)
        .ToDictionary(member => member.Name, member => member.Value.Clone(), StringComparer.Ordinal);

    private static JsonElement? Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, JsonRow.Options);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
