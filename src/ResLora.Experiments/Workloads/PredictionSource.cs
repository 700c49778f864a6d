using ResLora.Text.Data;
using ResLora.Text.Tokenization;

namespace ResLora.Experiments.Workloads;

/// <summary>Where the examples are that predictions are wanted of.</summary>
/// <param name="Task">The task that says how the data is read; null for plain data without labels.</param>
/// <param name="Data">A file or folder; null for lines that are given by hand.</param>
/// <param name="Columns">The user's names of columns.</param>
internal sealed record PredictionSource(string? Task, string? Data, ColumnMap Columns)
{
    /// <summary>The longest text in tokens; longer ones are cut.</summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>Which text of a pair is cut.</summary>
    public Truncation Truncation { get; init; }
}
