using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// The repository's own sample (samples/word-problems): <c>train.jsonl</c> and <c>heldout.jsonl</c> with <c>prompt</c> and
/// <c>completion</c>, the completion ending in the marked answer. The test split is <c>heldout.jsonl</c>.
/// </summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class WordProblemsTask(ColumnMap columns) : RowTask(columns)
{
    /// <inheritdoc/>
    public override string Name => "word-problems";

    /// <inheritdoc/>
    public override string Summary => "The sample of this repository: small arithmetic problems in words";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["prompt", "completion"];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> FileNames(TaskSplit split) => split switch
    {
        TaskSplit.Train => ["train"],
        TaskSplit.Test => ["heldout"],
        _ => [],
    };

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        var completion = " " + Value(row, "completion");
        var answer = MarkedAnswer.Extract(completion)
            ?? throw row.Error($"column '{ColumnName("completion")}' has no '{MarkedAnswer.Marker}' with an answer after it");
        return new Sample(Value(row, "prompt"), completion) { Answer = answer };
    }
}
