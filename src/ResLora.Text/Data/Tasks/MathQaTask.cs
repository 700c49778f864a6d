using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// MathQA: multiple choice with a rationale (Amini et al. 2019). <c>train.json</c>, <c>dev.json</c> and <c>test.json</c>, arrays of
/// <c>Problem</c>, <c>Rationale</c>, <c>options</c> (<c>a ) 38 , b ) 27 , …</c>) and <c>correct</c> (a letter).
/// </summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class MathQaTask(ColumnMap columns) : RowTask(columns)
{
    /// <inheritdoc/>
    public override string Name => "mathqa";

    /// <inheritdoc/>
    public override string Summary => "MathQA: multiple choice with a rationale; the answer is a letter";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["Problem", "Rationale", "options", "correct"];

    /// <inheritdoc/>
    public override PromptFrame? Frame => null;

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        var options = Value(row, "options");
        var count = CountOptions(options);
        var letter = Value(row, "correct");
        if (letter.Length != 1 || letter[0] < 'a' || letter[0] >= 'a' + count)
        {
            throw row.Error(
                $"column '{ColumnName("correct")}' is {Row.Excerpt(letter)}, expected the letter of one of the {count} options");
        }

        return new Sample(
            $"{Value(row, "Problem")}\nThe {count} options are: {options}\nWhich option is correct?",
            $" {MarkedAnswer.Stopped(Value(row, "Rationale"))} {MarkedAnswer.Sentence(letter)}")
        {
            Answer = letter,
        };
    }

    // Options follow each other as "a )", "b )", …: each letter is looked for behind the one before.
    private static int CountOptions(string options)
    {
        var count = 0;
        for (var at = 0; count < 26 && (at = options.IndexOf($"{(char)('a' + count)} )", at, StringComparison.Ordinal)) >= 0; count++)
        {
            at += 3;
        }

        return count;
    }
}
