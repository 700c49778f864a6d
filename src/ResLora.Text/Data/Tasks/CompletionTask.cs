using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// Any file with a <c>prompt</c> and a <c>completion</c> column. Both are taken to the letter: a blank between them must be in one of them.
/// </summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class CompletionTask(ColumnMap columns) : RowTask(columns)
{
    /// <inheritdoc/>
    public override string Name => "completion";

    /// <inheritdoc/>
    public override string Summary => "Any file with a prompt and a completion column; the whole completion is the answer";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["prompt", "completion"];

    /// <inheritdoc/>
    protected override IReadOnlyList<IReadOnlyList<string>> OtherColumns =>
    [
        ["question", "answer"], ["instruction", "output"], ["instruction", "response"], ["query", "response"], ["question", "response"],
        ["problem", "solution"], ["source", "target"], ["input", "output"], ["input", "target"], ["input_text", "target_text"], ["user", "assistant"],
    ];

    /// <inheritdoc/>
    public override string? ExtractAnswer(string generated) => WholeText.Answer(generated);

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var completion = row.Require(ColumnName("completion"));
        return new Sample(row.Require(ColumnName("prompt")), completion) { Answer = WholeText.Answer(completion) };
    }
}
