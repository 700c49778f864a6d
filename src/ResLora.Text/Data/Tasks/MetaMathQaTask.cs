using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// MetaMathQA: GSM8K's and MATH's training problems asked anew (Yu et al. 2023). <c>MetaMathQA-395K.json</c>, an array of <c>query</c>
/// and <c>response</c>. It has no test split: the paper scores models trained on it on GSM8K's test set.
/// </summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class MetaMathQaTask(ColumnMap columns) : RowTask(columns)
{
    /// <inheritdoc/>
    public override string Name => "metamathqa";

    /// <inheritdoc/>
    public override string Summary => "MetaMathQA: rephrased mathematics for training; scored with task gsm8k";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["query", "response"];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> FileNames(TaskSplit split) =>
        split == TaskSplit.Train ? ["MetaMathQA-395K", "MetaMathQA", "train"] : [];

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        var response = MarkedAnswer.Stopped(
            Value(row, "response").Replace($"{MarkedAnswer.Marker}:", MarkedAnswer.Marker, StringComparison.Ordinal));

        // Without a marker the response still teaches reasoning; it just cannot be scored.
        return new Sample(Value(row, "query"), " " + response) { Answer = MarkedAnswer.Extract(response) };
    }
}
