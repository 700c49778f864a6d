using System.Text.Json;

namespace ResLora.Text.Data.Chat;

/// <summary>One message of a conversation, in the form that chat templates expect.</summary>
/// <param name="Role">Who speaks: <see cref="ChatRoles"/>.</param>
/// <param name="Json">The message with <c>role</c>, <c>content</c> and whatever else the data says of it.</param>
public sealed record ChatMessage(string Role, JsonElement Json)
{
    /// <summary>
    /// Whether the data wants it learnt, where it is the assistant's: OpenAI's <c>weight</c>, of which 0 leaves it out. Default true.
    /// </summary>
    public bool IsLearnt { get; init; } = true;

    /// <summary>What is said; empty where there are tool calls alone.</summary>
    public string Text =>
        Json.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String ? content.GetString()! : "";

    /// <summary>Whether it is the assistant's turn.</summary>
    public bool IsAssistant => Role == ChatRoles.Assistant;

    /// <summary>Whether it calls tools.</summary>
    public bool CallsTools => Json.TryGetProperty("tool_calls", out _);

    /// <summary>Whether it says nothing at all.</summary>
    public bool IsBlank => !CallsTools && string.IsNullOrWhiteSpace(Text);

    /// <summary>A message of a role and a text.</summary>
    /// <param name="role">The role.</param>
    /// <param name="text">What is said.</param>
    /// <returns>The message.</returns>
    public static ChatMessage Of(string role, string text) => new(role, JsonSerializer.SerializeToElement(new { role, content = text }));
}
