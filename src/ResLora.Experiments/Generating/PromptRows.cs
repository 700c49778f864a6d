using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;
using ResLora.Text.Data.Readers;
using ResLora.Text.Data.Tasks;

namespace ResLora.Experiments.Generating;

/// <summary>Prompts from rows of a file or from lines.</summary>
internal sealed class PromptRows
{
    private static readonly string[] _ofTexts = ["prompt"], _ofChats = ["prompt", "messages", "system", "tools"];

    private readonly string _column;
    private readonly ChatTask? _chats;
    private readonly string? _system;

    /// <param name="options">The names of columns, and whether prompts are conversations.</param>
    /// <exception cref="ConfigException">A column is named that there is not.</exception>
    public PromptRows(GenerateOptions options)
    {
        var columns = new ColumnMap(options.Columns);
        columns.RequireAmong(options.Chat ? _ofChats : _ofTexts);
        (_column, _system) = (columns["prompt"], options.System);
        _chats = options.Chat ? new ChatTask(columns) : null;
    }

    /// <summary>The prompts of a file.</summary>
    /// <exception cref="FileFormatException">The file cannot be read, has no prompts, or a row has none.</exception>
    public IReadOnlyList<GivenPrompt> Read(string path)
    {
        var isText = Path.GetExtension(path).Equals(".txt", StringComparison.OrdinalIgnoreCase);
        GivenPrompt[] prompts = isText
            ? [.. Of(TextLines.Read(InputFile.OpenRead(path), path), path)]
            : [.. RowReader.Read(path).Select(Of)];
        return prompts.Length > 0 ? prompts : throw new FileFormatException($"{path} holds no prompts.");
    }

    /// <summary>The prompts of lines, of which each is a JSON object or a prompt itself.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="source">What they are from, for errors.</param>
    /// <exception cref="FileFormatException">While enumerating: a line is no object with a prompt.</exception>
    public IEnumerable<GivenPrompt> Of(IEnumerable<string> lines, string source) => RowReader.OfLines(lines, source, _column).Select(Of);

    private GivenPrompt Of(Row row)
    {
        if (_chats is null)
        {
            if (!row.Values.ContainsKey(_column) && row.Values.ContainsKey("messages"))
            {
                throw row.Error($"there is a conversation and no value for column '{_column}'; add --chat to have conversations answered");
            }

            return new GivenPrompt(NotEmpty(row, row.Require(_column)), null, row.Where);
        }

        var asked = WithSystem(row, _chats.Question(row));
        var text = asked.Messages.LastOrDefault(message => message.Role == ChatRoles.User)?.Text
            ?? throw row.Error("no user says anything in this conversation, so that there is nothing to answer");
        return new GivenPrompt(NotEmpty(row, text), asked, row.Where);
    }

    private static string NotEmpty(Row row, string prompt) =>
        string.IsNullOrWhiteSpace(prompt) ? throw row.Error("the prompt is empty; give it a text, or leave the row out") : prompt;

    private Conversation WithSystem(Row row, Conversation asked) =>
        _system is null ? asked
        : asked.Messages is [{ Role: ChatRoles.System }, ..]
            ? throw row.Error("the conversation has a system prompt of its own; leave --system out")
        : asked with { Messages = [ChatMessage.Of(ChatRoles.System, _system), .. asked.Messages] };
}
