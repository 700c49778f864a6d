namespace ResLora.Text.Data.Chat;

/// <summary>Who speaks in a conversation, and what data sets call them.</summary>
public static class ChatRoles
{
    /// <summary>Says how to answer, before anybody speaks.</summary>
    public const string System = "system";

    /// <summary>Asks.</summary>
    public const string User = "user";

    /// <summary>Answers: the model.</summary>
    public const string Assistant = "assistant";

    /// <summary>What a tool gave back.</summary>
    public const string Tool = "tool";

    /// <summary>In ShareGPT's layout, an assistant's turn that is a call of a tool, written as JSON.</summary>
    internal const string Call = "function_call";

    // OpenAI's own names stay as they are: templates know them.
    private static readonly string[] _openAi = [System, "developer", User, Assistant, Tool, "function", "ipython"];

    private static readonly Dictionary<string, string> _shareGpt = new(StringComparer.OrdinalIgnoreCase)
    {
        ["system"] = System,
        ["human"] = User,
        ["user"] = User,
        ["gpt"] = Assistant,
        ["assistant"] = Assistant,
        ["model"] = Assistant,
        ["bot"] = Assistant,
        ["chatgpt"] = Assistant,
        ["tool"] = Tool,
        ["function"] = Tool,
        ["observation"] = Tool,
        ["function_response"] = Tool,
        ["tool_response"] = Tool,
        ["function_call"] = Call,
        ["tool_call"] = Call,
    };

    /// <summary>The role of a message in OpenAI's layout, or null when there is no such role.</summary>
    internal static string? OpenAi(string name) => _openAi.Contains(name) ? name : name == "model" ? Assistant : null;

    /// <summary>The role of a message in ShareGPT's layout, or null when there is no such role.</summary>
    internal static string? ShareGpt(string name) => _shareGpt.GetValueOrDefault(name);

    /// <summary>The names that are known, for errors.</summary>
    internal static string Known(bool isShareGpt) => string.Join(", ", isShareGpt ? _shareGpt.Keys : _openAi);
}
