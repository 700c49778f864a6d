using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// SVAMP: one-step problems with traps (Patel et al. 2021). <c>SVAMP.json</c> holds all 1,000 problems and no split, so the first
/// 70 % in file order are for training and the last 30 % for the test.
/// </summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class SvampTask(ColumnMap columns) : RowTask(columns)
{
    private const int TrainPercent = 70;

    /// <inheritdoc/>
    public override string Name => "svamp";

    /// <inheritdoc/>
    public override string Summary => "SVAMP: one-step problems with traps, split 70 to 30 in file order";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["Body", "Question", "Equation", "Answer"];

    /// <inheritdoc/>
    public override IReadOnlyList<Sample> Read(string path, TaskSplit split, int? limit = null)
    {
        if (split == TaskSplit.Validation)
        {
            throw new ConfigException(
                "Task 'svamp' has no Validation split of its own; hold a part of the training data out for validation.");
        }

        var all = base.Read(path, split);
        var trainCount = all.Count * TrainPercent / 100;
        return [.. (split == TaskSplit.Train ? all.Take(trainCount) : all.Skip(trainCount)).Take(limit ?? int.MaxValue)];
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> FileNames(TaskSplit split) => ["SVAMP"];

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        var answer = PlainNumber(Value(row, "Answer"), row);
        return new Sample(
            $"{Value(row, "Body")} {Value(row, "Question")}",
            $" {MarkedAnswer.Stopped(Value(row, "Equation"))} {MarkedAnswer.Sentence(answer)}")
        {
            Answer = answer,
        };
    }

    // The file writes 51.0 for 51; people, and models, write 51.
    private string PlainNumber(string text, Row row) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        ? number.ToString("0.############################", CultureInfo.InvariantCulture)
        : throw row.Error($"column '{ColumnName("Answer")}' is {Row.Excerpt(text)}, expected a number");
}
