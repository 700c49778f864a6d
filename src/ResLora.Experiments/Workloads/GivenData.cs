using ResLora.Text.Data;

namespace ResLora.Experiments.Workloads;

/// <summary>Data that a user names to measure on.</summary>
/// <param name="Task">The task that says how it is read.</param>
/// <param name="Path">A file, or a data set's folder.</param>
/// <param name="Split">The part of a folder that is read.</param>
internal sealed record GivenData(string Task, string Path, TaskSplit Split)
{
    /// <summary>The user's names of columns. Default: the task's own.</summary>
    public ColumnMap Columns { get; init; } = ColumnMap.Default;

    /// <summary>How many samples are read from the start of the data; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>The adapter's folder, by which it is known how training wrote its prompts; null for the model alone.</summary>
    public string? Adapter { get; init; }

    /// <summary>auto, never, or the file of a chat template; null for what training did.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>A pattern that finds answers, as <see cref="DataConfig.AnswerPattern"/>; null for the task's own way.</summary>
    public string? AnswerPattern { get; init; }

    /// <summary>What errors call the model; null for its folder.</summary>
    public string? ModelName { get; init; }
}
