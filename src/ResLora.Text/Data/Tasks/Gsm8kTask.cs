using System.Text.RegularExpressions;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// GSM8K: school mathematics in words (Cobbe et al. 2021). <c>train.jsonl</c> and <c>test.jsonl</c> with <c>question</c> and <c>answer</c>.
/// </summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed partial class Gsm8kTask(ColumnMap columns) : RowTask(columns)
{
    /// <inheritdoc/>
    public override string Name => "gsm8k";

    /// <inheritdoc/>
    public override string Summary => "GSM8K: school mathematics in words, worked answers";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["question", "answer"];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> FileNames(TaskSplit split) => split == TaskSplit.Validation ? [] : base.FileNames(split);

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        var worked = CalculatorMark().Replace(Value(row, "answer"), "");
        var parts = worked.Split("####");
        if (parts.Length != 2 || parts[1].Trim().Length == 0)
        {
            throw row.Error($"column '{ColumnName("answer")}' needs one '####' with the final answer after it");
        }

        var answer = parts[1].Trim();
        var steps = parts[0].Trim().ReplaceLineEndings(" ");
        return new Sample(Value(row, "question"), $" {steps} {MarkedAnswer.Sentence(answer)}") { Answer = answer };
    }

    // The result that a calculator is asked for, as in 48/2 = <<48/2=24>>24.
    [GeneratedRegex("<<[^<>]*>>")]
    private static partial Regex CalculatorMark();
}
