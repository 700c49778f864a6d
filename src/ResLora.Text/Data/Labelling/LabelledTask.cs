using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Labelling;

/// <summary>A kind of data with labels or scores: where its files are, how a row becomes an example, and what is measured.</summary>
public sealed class LabelledTask : LabelMeasures
{
    // More than a few broken lines are not the original file's.
    private const int RowsPerBrokenLine = 1000;

    private readonly ColumnMap _columns;

    internal LabelledTask(LabelledTaskSpec spec, ColumnMap columns) : base(spec.Name, spec.Metrics, spec.ScoreMetrics)
    {
        Spec = spec;
        _columns = columns;
    }

    /// <summary>What it is, in one line for listings.</summary>
    public string Summary => Spec.Summary;

    /// <summary>The columns that it reads, by its own names; a <see cref="ColumnMap"/> may rename them.</summary>
    public IReadOnlyList<string> Columns =>
        [.. new[] { Spec.Text, Spec.SecondText, Spec.Label, Spec.Index }.Where(names => names.Count > 0).Select(names => names[0])];

    /// <inheritdoc />
    public override bool IsRegression => Spec.IsRegression;

    /// <inheritdoc />
    public override LabelSet? Labels => Spec.Labels;

    /// <summary>The file of GLUE's submission; null for tasks that are not GLUE's.</summary>
    public string? SubmissionFile => Spec.SubmissionFile;

    internal LabelledTaskSpec Spec { get; }

    /// <summary>
    /// Reads examples in file order. Every row for training and validation has a label; for the test all rows have one, or none has.
    /// </summary>
    /// <param name="path">The data set's own folder, or one file, which is read as it is, whatever the split.</param>
    /// <param name="split">The part that is wanted.</param>
    /// <param name="labels">
    /// The labels in the order that the classifier has them, of the training data or of a saved model. Null for the task's own; where it
    /// has none, they are those found in the training data, sorted.
    /// </param>
    /// <param name="limit">The most examples to keep, from the start; null for all. Labels are found in all rows.</param>
    /// <returns>The examples and their labels.</returns>
    /// <exception cref="FileFormatException">A file is missing or not in the data set's layout, a row has no label or one that is not in
    /// <paramref name="labels"/>.</exception>
    /// <exception cref="ConfigException">The training data has fewer than two labels.</exception>
    /// <exception cref="ArgumentException">Neither <paramref name="labels"/> nor the task nor training data says what the labels
    /// are.</exception>
    public LabelledData Read(string path, TaskSplit split, LabelSet? labels = null, int? limit = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        labels = IsRegression ? null : labels ?? Spec.Labels;
        if (!IsRegression && labels is null && split != TaskSplit.Train)
        {
            throw new ArgumentException($"Task '{Name}' needs the labels of the training data for its {split} split.", nameof(labels));
        }

        var file = Directory.Exists(path) ? SplitFiles.Find(path, FileNames(split), Name, split) : path;
        var rows = new LabelledRows(Spec, _columns, split, labels);
        var texts = new List<LabelledText>();
        var (broken, read) = (0, 0L);
        foreach (var row in RowReader.Read(file, rows.Layout))
        {
            if (Spec.HasBrokenLines && row.Values.Count == 0)
            {
                broken++;
            }
            else
            {
                var example = rows.Example(row, read++, texts);
                if (texts.Count < (limit ?? int.MaxValue))
                {
                    texts.Add(example);
                }
            }
        }

        if ((long)broken * RowsPerBrokenLine > read + broken)
        {
            throw new FileFormatException(
                $"{file}: {broken} of {read + broken} lines have more or fewer fields than the first; the original file has a few such lines, at most 1 in {RowsPerBrokenLine} is left out.");
        }

        return rows.Finish(texts, broken);
    }

    private IReadOnlyList<string> FileNames(TaskSplit split) =>
        split == TaskSplit.Train ? SplitFiles.UsualNames(split) : [.. SplitFiles.UsualNames(split).Select(name => name + Spec.FileSuffix)];
}
