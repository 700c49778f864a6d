using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Tasks;

/// <summary>
/// Any file with a <c>text</c> column, a <c>.txt</c> or <c>.md</c> file, or a folder of such files: all of it is trained, nothing is scored
/// but the perplexity.
/// </summary>
/// <param name="columns">The user's names of the columns.</param>
public sealed class TextTask(ColumnMap columns) : RowTask(columns)
{
    /// <inheritdoc/>
    public override string Name => "text";

    /// <inheritdoc/>
    public override string Summary => "Any file with a text column, or .txt and .md files; the whole text is trained";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Columns => ["text"];

    /// <inheritdoc/>
    protected override IReadOnlyList<IReadOnlyList<string>> OtherColumns => [["content"], ["document"], ["body"]];

    /// <inheritdoc/>
    public override string? ExtractAnswer(string generated) => null;

    /// <summary>
    /// Whether a path is a document, or a folder of documents without data files: all of them are then read, whatever the split.
    /// </summary>
    /// <param name="path">A file or a folder.</param>
    /// <returns>Whether it is.</returns>
    /// <exception cref="Formats.Errors.FileFormatException">The folder cannot be read.</exception>
    internal static bool IsDocuments(string path) => Directory.Exists(path)
        ? !SplitFiles.HasData(path) && DocumentReader.In(path).Count > 0
        : DocumentReader.IsDocument(path) && File.Exists(path);

    /// <inheritdoc/>
    protected override IEnumerable<Row> Rows(string path, TaskSplit split)
    {
        ArgumentNullException.ThrowIfNull(path);
        return !IsDocuments(path) ? base.Rows(path, split)
            : Directory.Exists(path) ? DocumentReader.In(path).Select(DocumentReader.Read)
            : [DocumentReader.Read(path)];
    }

    /// <inheritdoc/>
    protected override Sample ToSample(Row row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new Sample("", row.Require(ColumnName("text")));
    }
}
