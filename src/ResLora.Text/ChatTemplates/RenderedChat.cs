namespace ResLora.Text.ChatTemplates;

/// <summary>The text of a conversation.</summary>
/// <param name="Text">The text.</param>
/// <param name="AssistantSpans">
/// What the template's <c>generation</c> blocks wrote, in order: [start, end) in UTF-16 units of the text. Empty for a template without
/// such blocks.
/// </param>
public sealed record RenderedChat(string Text, IReadOnlyList<(int Start, int End)> AssistantSpans);
