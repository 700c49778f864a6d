using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>Finds the task for data that nobody has named one for, by the columns of its first row.</summary>
public static class TaskFinder
{
    // All of whose columns are in a row; what is more special comes first.
    private static readonly string[] _byColumns = ["svamp", "mathqa", "hellaswag", "alpaca", "completion"];

    /// <summary>Finds the task.</summary>
    /// <param name="path">The data: a file, or a folder.</param>
    /// <param name="isForEncoder">Whether the model is an encoder, which learns labels; else it learns to go on with texts.</param>
    /// <returns>The task's name, and a phrase that says by what it was found.</returns>
    /// <exception cref="FileFormatException">The data cannot be read.</exception>
    /// <exception cref="ConfigException">No task fits, or more than one.</exception>
    public static (string Task, string Reason) Find(string path, bool isForEncoder)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (TextTask.IsDocuments(path))
        {
            return ("text", Directory.Exists(path) ? "it is a folder of texts" : "it is a text");
        }

        var file = Directory.Exists(path) ? FileIn(path) : path;
        var row = RowReader.Read(file).First();
        return (isForEncoder ? ForEncoder(row) : ForGeneration(row)) ?? throw NotFound(row, path, isForEncoder);
    }

    private static string FileIn(string folder)
    {
        try
        {
            return SplitFiles.Find(folder, SplitFiles.UsualNames(TaskSplit.Train), "?", TaskSplit.Train);
        }
        catch (FileFormatException)
        {
            throw new FileFormatException(
                $"{folder} has no file of texts to learn from, such as train{RowReader.Extensions[0]}; name a file, or a model that looks at pictures for a folder of pictures.");
        }
    }

    private static (string Task, string Reason)? ForEncoder(Row row) =>
        !row.Values.ContainsKey("text") || row.Find("label") is not { } label
        ? null
        : label.Contains('.', StringComparison.Ordinal) && double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? ("regression", "it has the columns text and label, and a label is a number with a point")
            : ("classification", "it has the columns text and label");

    private static (string Task, string Reason)? ForGeneration(Row row)
    {
        if (ChatTask.ColumnsOf(row) is { } conversation)
        {
            var columns = conversation.Count == 1 ? "column" : "columns";
            return (ChatTask.TaskName, $"it has the {columns} {string.Join(", ", conversation)} with lists of messages");
        }

        var names = row.Values.Keys.ToHashSet(StringComparer.Ordinal);
        if (row.Values.GetValueOrDefault("answer")?.Contains("####", StringComparison.Ordinal) == true && names.Contains("question"))
        {
            return ("gsm8k", "it has the columns question and answer, and '####' in an answer");
        }

        foreach (var task in _byColumns.Select(name => TaskRegistry.Get(name)))
        {
            // An instruction may do without an input.
            var needed = task.Columns.Where(column => task.Name != "alpaca" || column != "input").ToArray();
            if (needed.All(names.Contains))
            {
                return (task.Name, $"it has the columns {string.Join(", ", needed)}");
            }
        }

        if (((RowTask)TaskRegistry.Get("completion")).NamesIn(row) is { } pair)
        {
            return ("completion", $"it has the columns {string.Join(", ", pair)}");
        }

        // A label beside a text is not to be left out without a word.
        var text = names.Contains("text") ? ["text"] : ((RowTask)TaskRegistry.Get("text")).NamesIn(row);
        return text is null || names.Contains("label") ? null : ("text", $"it has the column {text[0]}");
    }

    private static ConfigException NotFound(Row row, string path, bool isForEncoder)
    {
        if (isForEncoder && ChatTask.ColumnsOf(row) is { } conversation)
        {
            return new ConfigException(
                $"{path}: column '{conversation[0]}' holds conversations, which an encoder does not learn; "
                + "take a model that continues texts.");
        }

        var kind = isForEncoder
            ? "an encoder learns, such as text and label"
            : "a model learns to go on with, such as prompt and completion, or text";
        return new ConfigException(
            $"{path}: its columns ({string.Join(", ", row.Values.Keys.Take(20))}) are none that {kind}; name the task (--task) and its columns (--column NAME=COLUMN).");
    }
}
