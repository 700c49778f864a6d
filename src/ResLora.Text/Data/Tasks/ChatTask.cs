using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Chat;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// Conversations: a column of messages in OpenAI's or ShareGPT's layout, or a prompt and a completion that are lists of messages. They are
/// written with the model's chat template.
/// </summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class ChatTask(ColumnMap columns) : RowTask(columns)
{
    /// <summary>The task's name.</summary>
    public const string TaskName = "chat";

    // The likeliest first. What follows the first is taken where the file has no column of that name.
    private static readonly string[] _pair = ["prompt", "completion"];
    private static readonly string[] _names = ["messages", "conversations", "conversation", "chat", "dialog", "dialogue"];

    /// <inheritdoc/>
    public override string Name => TaskName;

    /// <inheritdoc/>
    public override string Summary => "Conversations as lists of messages; the assistant's turns are learnt";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["messages", "prompt", "completion", "tools", "system"];

    /// <inheritdoc/>
    public override PromptFrame? Frame => null;

    /// <inheritdoc/>
    public override string? ExtractAnswer(string generated) => null;

    /// <summary>The columns in which a row holds a conversation; null when there are none.</summary>
    /// <param name="row">The row.</param>
    internal static IReadOnlyList<string>? ColumnsOf(Row row) =>
        _names.FirstOrDefault(name => ConversationReader.IsList(row.Values.GetValueOrDefault(name))) is { } column ? [column]
        : _pair.All(name => ConversationReader.IsList(row.Values.GetValueOrDefault(name))) ? _pair
        : null;

    /// <summary>
    /// What a row asks the assistant: its messages, or a prompt, which is a list of messages or a user's text. No completion is needed.
    /// </summary>
    /// <param name="row">The row.</param>
    /// <returns>The conversation, which may end with an answer.</returns>
    /// <exception cref="FileFormatException">The row holds no conversation that can be read as its author meant it.</exception>
    public Conversation Question(Row row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var prompt = ColumnName("prompt");
        return Whole(row, () => MessagesColumn(row) is { } column ? OfMessages(row, column)
            : ConversationReader.IsList(row.Values.GetValueOrDefault(prompt)) ? new Conversation(WithSystem(Messages(row, prompt), row))
            : new Conversation(WithSystem([ChatMessage.Of(ChatRoles.User, row.Require(prompt))], row)));
    }

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var conversation = Whole(row, () =>
            MessagesColumn(row) is null && row.Values.ContainsKey(ColumnName("prompt"))
                ? PromptAndCompletion(row)
                : OfMessages(row, MessagesColumn(row) ?? "messages"));
        var answer = conversation.LastAnswer;
        var before = conversation.Messages.Take(answer < 0 ? conversation.Messages.Count : answer).ToArray();
        var prompt = string.Join('\n', before.Select(message => $"{message.Role}: {message.Text}"));
        return new Sample(prompt, answer < 0 ? "" : conversation.Messages[answer].Text)
        {
            Conversation = conversation,
            Asked = before.LastOrDefault(message => message.Role == ChatRoles.User)?.Text ?? "",
        };
    }

    /// <summary>A row's conversation with its tools and its place.</summary>
    private Conversation Whole(Row row, Func<Conversation> read)
    {
        try
        {
            return read() with { Tools = ToolCalls.ToolsOf(row, ColumnName("tools")), Where = $"{row.File}, {row.Where}" };
        }
        catch (InvalidOperationException error)
        {
            throw JsonRow.Broken(row.File, row.Where, error);
        }
    }

    /// <summary>The column of messages: the one that the user names, else one of the usual names that the row has; null for none.</summary>
    private string? MessagesColumn(Row row)
    {
        var column = ColumnName("messages");
        return row.Values.ContainsKey(column) || column != "messages" ? column : _names.FirstOrDefault(row.Values.ContainsKey);
    }

    private Conversation OfMessages(Row row, string column) => new(WithSystem(Messages(row, column), row))
    {
        Layout = row.Values[column].Contains("\"from\"", StringComparison.Ordinal)
            ? $"column {column}, as ShareGPT writes them (from, value)"
            : $"column {column}, as OpenAI writes them (role, content)",
    };

    private Conversation PromptAndCompletion(Row row)
    {
        var prompt = WithSystem(Messages(row, ColumnName("prompt")), row);
        var completion = Messages(row, ColumnName("completion"));
        return new Conversation([.. prompt, .. completion])
        {
            FirstLearnt = prompt.Count,
            Layout = "columns prompt and completion, lists of messages",
        };
    }

    private static IReadOnlyList<ChatMessage> Messages(Row row, string column)
    {
        // The row's own error for a missing column names those that are there.
        var text = row.Values.TryGetValue(column, out var value) ? value : row.Require(column);
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, JsonRow.Options);
        }
        catch (JsonException)
        {
            throw NoList(row, column, text);
        }

        using (document)
        {
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? ConversationReader.Messages(document.RootElement, row, column)
                : throw NoList(row, column, text);
        }
    }

    private static FileFormatException NoList(Row row, string column, string text) => row.Error(
        $"column '{column}' is {Row.Excerpt(text)}, expected a list of messages such as [{{\"role\": \"user\", \"content\": \"...\"}}]");

    /// <summary>What some data sets write in a column of its own is the system's message.</summary>
    private IReadOnlyList<ChatMessage> WithSystem(IReadOnlyList<ChatMessage> messages, Row row)
    {
        var column = ColumnName("system");
        if (row.Find(column) is not { } text || string.IsNullOrWhiteSpace(text))
        {
            return messages;
        }

        if (messages is not [{ Role: ChatRoles.System } own, ..])
        {
            return [ChatMessage.Of(ChatRoles.System, text), .. messages];
        }

        return own.Text == text
            ? messages
            : throw row.Error($"column '{column}' and the first message are two system prompts that differ; keep one");
    }
}
