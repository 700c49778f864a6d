using ResLora.Training.Data.Readers;

namespace ResLora.Training.Data.Tasks;

/// <summary>Any file with a <c>text</c> column: all of it is trained, nothing is scored but the perplexity.</summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class TextTask(ColumnMap columns) : RowTask(columns)
{
    /// <inheritdoc/>
    public override string Name => "text";

    /// <inheritdoc/>
    public override string Summary => "Any file with a text column; the whole text is trained";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["text"];

    /// <inheritdoc/>
    public override string? ExtractAnswer(string generated) => null;

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new Sample("", row.Require(ColumnName("text")));
    }
}
