using ResLora.Formats.Errors;
using ResLora.Text.Data.Labelling;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// All tasks that generate text, by name. A new task is one file in this folder and one line here. Tasks with labels are in
/// <see cref="LabelledTaskRegistry"/>.
/// </summary>
public static class TaskRegistry
{
    private static readonly Func<ColumnMap, ITask>[] _makers =
    [
        columns => new Gsm8kTask(columns),
        columns => new SvampTask(columns),
        columns => new MathQaTask(columns),
        columns => new MetaMathQaTask(columns),
        columns => new HellaSwagTask(columns),
        columns => new WordProblemsTask(columns),
        columns => new CompletionTask(columns),
        columns => new TextTask(columns),
        columns => new AlpacaTask(columns),
        columns => new ChatTask(columns),
    ];

    /// <summary>Every task, with its own column names.</summary>
    public static IReadOnlyList<ITask> All { get; } = [.. _makers.Select(make => make(ColumnMap.Default))];

    /// <summary>The task of a name.</summary>
    /// <param name="name">The name, case included.</param>
    /// <param name="columns">The user's names of columns; null for the task's own.</param>
    /// <returns>The task.</returns>
    /// <exception cref="ConfigException">There is no such task, it has labels in place of text, or it has no such column.</exception>
    public static ITask Get(string name, ColumnMap? columns = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        var names = All.Select(task => task.Name).ToArray();
        var index = Array.IndexOf(names, name);
        if (index < 0)
        {
            if (LabelledTaskRegistry.Has(name))
            {
                throw new ConfigException(
                    $"Task '{name}' has labels to predict; a task with text to generate is needed here: {string.Join(", ", names)}.");
            }

            throw new ConfigException(
                $"There is no task '{name}'.{NearestName.Suggestion(name, names)} Tasks: {string.Join(", ", names)}.");
        }

        var task = _makers[index](columns ?? ColumnMap.Default);
        if (columns?.Mapped.FirstOrDefault(column => !task.Columns.Contains(column)) is { } unknown)
        {
            throw new ConfigException(
                $"Task '{name}' has no column '{unknown}'.{NearestName.Suggestion(unknown, task.Columns)} Its columns: {string.Join(", ", task.Columns)}.");
        }

        return task;
    }
}
