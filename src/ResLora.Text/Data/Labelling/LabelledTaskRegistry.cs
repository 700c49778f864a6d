using ResLora.Formats;
using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Labelling;

/// <summary>
/// All tasks with labels by name: an entry in a table and one line here. They are apart from <see cref="Tasks.TaskRegistry"/>, since
/// a model for one kind can do nothing with data of the other; no name is in both.
/// </summary>
public static class LabelledTaskRegistry
{
    private static readonly LabelledTaskSpec[] _ours =
    [
        GlueTasks.Cola,
        GlueTasks.Sst2,
        GlueTasks.Mrpc,
        GlueTasks.StsB,
        GlueTasks.Qqp,
        GlueTasks.MnliMatched,
        GlueTasks.MnliMismatched,
        GlueTasks.Qnli,
        GlueTasks.Rte,
        GlueTasks.Wnli,
        GeneralTasks.Classification,
        GeneralTasks.Regression,
    ];

    private static readonly Additions<LabelledTaskSpec> _others = new();

    /// <summary>Every task, with its own column names.</summary>
    public static IReadOnlyList<LabelledTask> All => [.. Specs.Select(spec => new LabelledTask(spec, ColumnMap.Default))];

    private static LabelledTaskSpec[] Specs => [.. _ours, .. _others.Items];

    /// <summary>Adds a task of one's own, which settings may then name.</summary>
    /// <param name="spec">The task.</param>
    /// <returns>Disposing it takes the task out again.</returns>
    /// <exception cref="ArgumentException">There is a task of that name.</exception>
    public static IDisposable Register(LabelledTaskSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return Has(spec.Name) ? throw new ArgumentException($"There is a task '{spec.Name}' already.", nameof(spec)) : _others.Add(spec);
    }

    /// <summary>Whether there is a task with labels of a name.</summary>
    /// <param name="name">The name, case included.</param>
    /// <returns>Whether <see cref="Get"/> finds it.</returns>
    public static bool Has(string name) => All.Any(task => task.Name == name);

    /// <summary>The task of a name.</summary>
    /// <param name="name">The name, case included.</param>
    /// <param name="columns">The user's names of columns; null for the task's own.</param>
    /// <returns>The task.</returns>
    /// <exception cref="ConfigException">There is no such task, or it has no such column.</exception>
    public static LabelledTask Get(string name, ColumnMap? columns = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        var spec = Array.Find(Specs, spec => spec.Name == name);
        if (spec is null)
        {
            var names = Specs.Select(known => known.Name).ToArray();
            throw new ConfigException($"There is no task with labels '{name}'.{NearestName.Suggestion(name, names)} Tasks with labels: {string.Join(", ", names)}.");
        }

        var task = new LabelledTask(spec, columns ?? ColumnMap.Default);
        if (columns?.Mapped.FirstOrDefault(column => !task.Columns.Contains(column)) is { } unknown)
        {
            throw new ConfigException(
                $"Task '{name}' has no column '{unknown}'.{NearestName.Suggestion(unknown, task.Columns)} Its columns: {string.Join(", ", task.Columns)}.");
        }

        return task;
    }
}
