using System.Text;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// HellaSwag: which ending continues a text (Zellers et al. 2019). <c>hellaswag_train.jsonl</c> and <c>hellaswag_val.jsonl</c> with
/// <c>ctx</c>, <c>endings</c> (four) and <c>label</c> (0 to 3). The labels of the test file are not public: as in the paper, the
/// validation file is the test split.
/// </summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class HellaSwagTask(ColumnMap columns) : RowTask(columns)
{
    private const int EndingCount = 4;

    /// <inheritdoc/>
    public override string Name => "hellaswag";

    /// <inheritdoc/>
    public override string Summary => "HellaSwag: which of four endings continues a text; the answer is its number";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["ctx", "endings", "label"];

    /// <inheritdoc/>
    public override PromptFrame? Frame => null;

    /// <inheritdoc/>
    protected override IReadOnlyList<string> FileNames(TaskSplit split) => split switch
    {
        TaskSplit.Train => ["hellaswag_train", "train"],
        TaskSplit.Test => ["hellaswag_val", "validation", "val"],
        _ => [],
    };

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var endings = row.RequireList(ColumnName("endings"));
        if (endings.Count != EndingCount)
        {
            throw row.Error($"column '{ColumnName("endings")}' has {endings.Count} endings, expected {EndingCount}");
        }

        var label = Value(row, "label");
        if (label is not ("0" or "1" or "2" or "3"))
        {
            throw row.Error($"column '{ColumnName("label")}' is {Row.Excerpt(label)}, expected 0, 1, 2 or 3");
        }

        var prompt = new StringBuilder($"Continue this text: \"{Value(row, "ctx")}\"\n");
        for (var i = 0; i < EndingCount; i++)
        {
            prompt.Append(null, $"{i}: {endings[i].Trim()}\n");
        }

        prompt.Append("Which ending fits best? Answer with a number from 0 to 3.");
        return new Sample(prompt.ToString(), " " + MarkedAnswer.Sentence(label)) { Answer = label };
    }
}
