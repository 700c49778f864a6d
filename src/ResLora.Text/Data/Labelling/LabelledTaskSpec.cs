namespace ResLora.Text.Data.Labelling;

/// <summary>
/// What tells one task with labels from another. Lists of column names begin with the task's own name; the others are those of other copies
/// of the data.
/// </summary>
public sealed record LabelledTaskSpec
{
    /// <summary>The name in settings.</summary>
    public required string Name { get; init; }

    /// <summary>What the data is, in a few words.</summary>
    public required string Summary { get; init; }

    /// <summary>Columns of the text, or of the first of two.</summary>
    public required IReadOnlyList<string> Text { get; init; }

    /// <summary>Columns of the second text; empty for tasks on one text.</summary>
    public IReadOnlyList<string> SecondText { get; init; } = [];

    /// <summary>Whether a file may do without the second text.</summary>
    public bool SecondTextIsOptional { get; init; }

    /// <summary>Columns of the label or score.</summary>
    public IReadOnlyList<string> Label { get; init; } = ["label"];

    /// <summary>Columns of the example's number; empty when its place in the file is its number.</summary>
    public IReadOnlyList<string> Index { get; init; } = [];

    /// <summary>Whether a score is predicted.</summary>
    public bool IsRegression { get; init; }

    /// <summary>The highest score, the lowest being 0; null when all numbers are scores.</summary>
    public double? HighestScore { get; init; }

    /// <summary>The labels in order; null when the training data says.</summary>
    public LabelSet? Labels { get; init; }

    /// <summary>What is reported.</summary>
    public required IReadOnlyList<LabelMetric> Metrics { get; init; }

    /// <summary>What the score is the mean of; null for all of <see cref="Metrics"/>.</summary>
    public IReadOnlyList<LabelMetric>? ScoreMetrics { get; init; }

    /// <summary>What follows the names of validation and test files.</summary>
    public string FileSuffix { get; init; } = "";

    /// <summary>The columns of tab-separated files without a header line, blanks between the names; null when there must be one.</summary>
    public IReadOnlyList<string>? Orders { get; init; }

    /// <summary>Whether the data set's own files have a few lines that are no rows.</summary>
    public bool HasBrokenLines { get; init; }

    /// <summary>The file of GLUE's submission; null for tasks that are not GLUE's.</summary>
    public string? SubmissionFile { get; init; }

    /// <summary>Whether the submission has the labels' names, not their numbers.</summary>
    public bool SubmitsNames { get; init; }

    /// <summary>GLUE's own files count as they are: an empty text is a text, and −1 is the hub's word for no label.</summary>
    public bool IsGlue => SubmissionFile is not null;
}
