using System.Text.Json;

namespace ResLora.Text.ChatTemplates;

/// <summary>What a chat template is rendered with; names as transformers' <c>apply_chat_template</c> gives them to templates.</summary>
public sealed record ChatRequest
{
    /// <summary>The conversation, a JSON array: <c>messages</c>.</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>Whether the text ends where the assistant's answer begins: <c>add_generation_prompt</c>. Default: false.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>Functions that the model may call, a JSON array: <c>tools</c>. Default: none.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Further variables by their names, such as <c>enable_thinking</c>. Default: none.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The tokenizer's special tokens by their names, such as <c>bos_token</c>. Default: none.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; init; } = new Dictionary<string, string>();

    /// <summary>What tells a template the date (<c>strftime_now</c>). Default: the system's clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
