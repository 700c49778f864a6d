using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>What tasks have in common: a file is found for the split, and each of its rows becomes a sample.</summary>
/// <param name="columns">The user's names of the columns.</param>
public abstract class RowTask(ColumnMap columns) : ITask
{
    private ColumnMap? _guessed;

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Summary { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyList<string> Columns { get; }

    /// <inheritdoc/>
    public virtual PromptFrame? Frame => PromptFrame.None;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> GuessedColumns { get; private set; } = new Dictionary<string, string>();

    /// <summary>
    /// Names that files often have for <see cref="Columns"/> where they have none of these, as many of them each; the likeliest first.
    /// </summary>
    protected virtual IReadOnlyList<IReadOnlyList<string>> OtherColumns => [];

    /// <inheritdoc/>
    public virtual IReadOnlyList<Sample> Read(string path, TaskSplit split, int? limit = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        var samples = new List<Sample>();
        _guessed = null;
        IReadOnlyDictionary<string, string>? guessed = null;
        foreach (var row in Rows(path, split).Take(limit ?? int.MaxValue))
        {
            if (samples.Count == 0 && !columns.Mapped.Any() && OtherNames.Find(row, Columns, OtherColumns) is { } found)
            {
                (guessed, GuessedColumns, _guessed) = (found, found, new ColumnMap(found));
            }

            if (guessed is not null)
            {
                OtherNames.RequireNothingLeftOut(row, guessed);
            }

            samples.Add(ToSample(row));
        }

        return samples;
    }

    /// <inheritdoc/>
    public virtual string? ExtractAnswer(string generated)
    {
        ArgumentNullException.ThrowIfNull(generated);
        return MarkedAnswer.Extract(generated);
    }

    /// <summary>The other names of the columns that a row has.</summary>
    /// <param name="row">The row.</param>
    /// <returns>The names in the order of <see cref="Columns"/>; null when it has one of the task's own, or no others that are
    /// known.</returns>
    internal IReadOnlyList<string>? NamesIn(Row row) =>
        OtherNames.Find(row, Columns, OtherColumns) is { } found ? [.. Columns.Select(column => found[column])] : null;

    /// <summary>
    /// The file names, without extension, under which the data set's folder may hold a split; none when it has no such split.
    /// </summary>
    /// <param name="split">The part that is wanted.</param>
    /// <returns>The names, the usual one first.</returns>
    protected virtual IReadOnlyList<string> FileNames(TaskSplit split) => SplitFiles.UsualNames(split);

    /// <summary>The rows of a split.</summary>
    /// <param name="path">The data set's own folder, or one file.</param>
    /// <param name="split">The part that is wanted.</param>
    /// <returns>The rows, read as they are asked for.</returns>
    /// <exception cref="ResLoraException">As for <see cref="Read"/>.</exception>
    protected virtual IEnumerable<Row> Rows(string path, TaskSplit split) =>
        RowReader.Read(Directory.Exists(path) ? SplitFiles.Find(path, FileNames(split), Name, split) : path);

    /// <summary>Makes the sample of one row.</summary>
    /// <param name="row">The row.</param>
    /// <returns>The sample.</returns>
    /// <exception cref="FileFormatException">The row is not in the data set's layout.</exception>
    protected abstract Sample ToSample(Row row);

    /// <summary>The value of a column, named as the task names it, without the white space around it.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The task's name of the column.</param>
    /// <returns>The value, not empty.</returns>
    /// <exception cref="FileFormatException">There is no value, or only white space.</exception>
    protected string Value(Row row, string column)
    {
        ArgumentNullException.ThrowIfNull(row);
        var value = row.Require(ColumnName(column)).Trim();
        return value.Length > 0 ? value : throw row.Error($"column '{ColumnName(column)}' is empty");
    }

    /// <summary>The file's name of a column.</summary>
    /// <param name="column">The task's name of it.</param>
    /// <returns>The name to look for in a row.</returns>
    protected string ColumnName(string column) => (_guessed ?? columns)[column];
}
