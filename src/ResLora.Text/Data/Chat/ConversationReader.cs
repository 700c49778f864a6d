using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Chat;

/// <summary>
/// Makes messages of what a row holds: OpenAI's layout (<c>role</c> and <c>content</c>) and ShareGPT's (<c>from</c> and <c>value</c>).
/// </summary>
internal static class ConversationReader
{
    /// <summary>Reads the messages of a list.</summary>
    /// <param name="list">A JSON array.</param>
    /// <param name="row">The row, for errors.</param>
    /// <param name="column">Its column, for errors.</param>
    /// <returns>The messages; none for an empty list.</returns>
    /// <exception cref="FileFormatException">A message cannot be read as its author meant it.</exception>
    public static IReadOnlyList<ChatMessage> Messages(JsonElement list, Row row, string column)
    {
        var messages = list.EnumerateArray().ToArray();
        var shareGpt = messages.Where(IsShareGpt).Count();
        if (shareGpt > 0 && shareGpt < messages.Length)
        {
            throw row.Error($"column '{column}' mixes messages of role and content with messages of from and value; write all in one way");
        }

        return [.. messages.Select((message, i) => Read(message, new Place(row, column, i + 1), shareGpt > 0))];
    }

    /// <summary>Whether a value is a list of messages, so that a column of it holds conversations.</summary>
    /// <param name="json">The value as text.</param>
    public static bool IsList(string? json)
    {
        if (json is null || !json.AsSpan().TrimStart().StartsWith("["))
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(json, JsonRow.Options);
            return document.RootElement.EnumerateArray().All(IsMessage);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsMessage(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object && (IsShareGpt(item) || item.TryGetProperty("role", out _));

    private static bool IsShareGpt(JsonElement message) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty("from", out _) && !message.TryGetProperty("role", out _);

    private static ChatMessage Read(JsonElement message, Place place, bool isShareGpt)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw place.Error($"is {message.ValueKind.ToString().ToLowerInvariant()}, expected an object with role and content");
        }

        var (who, what) = isShareGpt ? ("from", "value") : ("role", "content");
        var name = Member(message, who) is { ValueKind: JsonValueKind.String } text
            ? text.GetString()!
            : throw place.Error($"has no '{who}' that is a text");
        var role = (isShareGpt ? ChatRoles.ShareGpt(name) : ChatRoles.OpenAi(name))
            ?? throw place.Error($"has the {who} {Row.Excerpt(name)}; known are {ChatRoles.Known(isShareGpt)}");
        var calls = Member(message, "tool_calls") is { } given ? ToolCalls.Normal(given, place.Error) : null;
        var content = MessageContent.Of(Member(message, what), place.Error);
        if (role == ChatRoles.Call)
        {
            (role, calls, content) = (ChatRoles.Assistant, ToolCalls.OfText(content ?? "", place.Error), null);
        }

        if (content is null && calls is null)
        {
            throw place.Error($"has no {what}{(role == ChatRoles.Assistant ? " and no tool_calls" : "")}");
        }

        if (calls is not null && role != ChatRoles.Assistant)
        {
            throw place.Error($"has tool_calls, and its {who} is {name}; only the assistant calls tools");
        }

        return new ChatMessage(role, Written(message, role, content, calls, [who, what, "tool_calls", "weight"]))
        {
            IsLearnt = Weight(message, place),
        };
    }

    private static JsonElement Written(JsonElement message, string role, string? content, JsonElement? calls, string[] replaced)
    {
        // Keys without a value are those that a table with a column for each has to have.
        var members = new Dictionary<string, object?> { ["role"] = role, ["content"] = content };
        if (calls is { } list)
        {
            members["tool_calls"] = list;
        }

        var others = message.EnumerateObject().Where(member => !replaced.Contains(member.Name));
        foreach (var member in others.Where(member => member.Value.ValueKind != JsonValueKind.Null))
        {
            members[member.Name] = member.Value.Clone();
        }

        return JsonSerializer.SerializeToElement(members);
    }

    private static bool Weight(JsonElement message, Place place) => Member(message, "weight") switch
    {
        null => true,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out var weight) && weight is 0 or 1 => weight == 1,
        { } other => throw place.Error($"has the weight {Row.Excerpt(other.GetRawText())}; 0 leaves it out of learning, 1 does not"),
    };

    private static JsonElement? Member(JsonElement message, string name) =>
        message.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private sealed record Place(Row Row, string Column, int Number)
    {
        public FileFormatException Error(string reason) => Row.Error($"message {Number} of column '{Column}' {reason}");
    }
}
