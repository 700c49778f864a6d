using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Json;
using ResLora.Text.ChatTemplates;

namespace ResLora.Experiments.Verification.Chat;

/// <summary>Chat templates with conversations and the texts that transformers makes of them; exact.</summary>
internal static class ChatTemplateCase
{
    // What transformers puts before the message of a template that refuses a conversation.
    private const string OwnError = "TemplateError: ";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    public static CaseReport Run(string name, string folder)
    {
        var quantities = new List<Quantity>();
        var failures = new List<string>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Where(path =>
            Path.GetFileName(path) != "case.json"))
        {
            var file = CheckedJson.Deserialize<TemplateFile>(path, _json);
            foreach (var (index, conversation) in file.Cases.Index())
            {
                var place = $"{Path.GetFileNameWithoutExtension(path)} {index + 1}";
                var failure = Failure(file, conversation, place);
                quantities.Add(new Quantity(place, failure is null ? 0 : 1, 0));
                failures.AddRange(failure is null ? [] : [failure]);
            }
        }

        return ChatCases.Report(name, quantities, failures);
    }

    private static string? Failure(TemplateFile file, Conversation conversation, string place)
    {
        var request = new ChatRequest
        {
            Messages = conversation.Messages,
            AddGenerationPrompt = conversation.AddGenerationPrompt,
            Tools = conversation.Tools,
            Variables = conversation.Variables,
            SpecialTokens = file.SpecialTokens,
        };
        try
        {
            var chat = ChatTemplate.Parse(file.Template, place).Render(request);
            return conversation.Error is not null ? $"{place}: the template is expected to fail"
                : chat.Text != conversation.Text ? $"{place}: another text"
                : conversation.Spans is { } spans && !Spans(chat).SequenceEqual(spans.Select(span => (span[0], span[^1])))
                    ? $"{place}: other spans"
                : null;
        }
        catch (ChatTemplateException error)
        {
            return conversation.Error is { } wanted && Says(error, wanted) ? null : error.Message;
        }
    }

    // What a template itself says is expected word for word; Python's own errors are worded in other ways here.
    private static bool Says(ChatTemplateException error, string wanted) => !wanted.StartsWith(OwnError, StringComparison.Ordinal)
        || error.Message.Contains(wanted[OwnError.Length..], StringComparison.Ordinal);

    // Python counts code points.
    private static IEnumerable<(int, int)> Spans(RenderedChat chat)
    {
        return chat.AssistantSpans.Select(span => (CodePoints(span.Start), CodePoints(span.End)));

        int CodePoints(int end) => end - chat.Text.Take(end).Count(char.IsLowSurrogate);
    }

    private sealed record TemplateFile(string Template, IReadOnlyList<Conversation> Cases)
    {
        [JsonPropertyName("special_tokens")]
        public Dictionary<string, string> SpecialTokens { get; init; } = [];
    }

    private sealed record Conversation
    {
        public required JsonElement Messages { get; init; }

        [JsonPropertyName("add_generation_prompt")]
        public bool AddGenerationPrompt { get; init; }

        public JsonElement? Tools { get; init; }

        public string? Text { get; init; }

        public string? Error { get; init; }

        [JsonPropertyName("assistant_spans")]
        public IReadOnlyList<int[]>? Spans { get; init; }

        [JsonExtensionData]
        public Dictionary<string, JsonElement> Variables { get; init; } = [];
    }
}
