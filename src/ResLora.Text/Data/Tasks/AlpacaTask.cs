using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>Instructions in Alpaca's layout: <c>instruction</c>, <c>input</c> (may be empty or missing) and <c>output</c>.</summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class AlpacaTask(ColumnMap columns) : RowTask(columns)
{
    /// <inheritdoc/>
    public override string Name => "alpaca";

    /// <inheritdoc/>
    public override string Summary => "Instructions in Alpaca's layout; the whole output is the answer";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["instruction", "input", "output"];

    /// <inheritdoc/>
    public override PromptFrame Frame { get; } = new("### Instruction:\n", "\n\n### Response:\n");

    /// <inheritdoc/>
    public override string? ExtractAnswer(string generated) => WholeText.Answer(generated);

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var input = row.Find(ColumnName("input"))?.Trim() ?? "";
        var given = input.Length > 0 ? $"\n\n### Input:\n{input}" : "";
        var output = row.Require(ColumnName("output"));
        var instruction = Value(row, "instruction");
        return new Sample(Frame.Wrap(instruction + given), output)
        {
            Answer = WholeText.Answer(output),
            Asked = input.Length > 0 ? $"{instruction}\n\n{input}" : instruction,
        };
    }
}
