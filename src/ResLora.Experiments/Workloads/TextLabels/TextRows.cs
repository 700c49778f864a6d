using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Text.Data.Readers;

namespace ResLora.Experiments.Workloads.TextLabels;

/// <summary>Texts without labels, from rows of a file or from lines.</summary>
/// <param name="columns">The file's names of the columns <c>text</c> and <c>text2</c>.</param>
internal sealed class TextRows(ColumnMap columns)
{
    private static readonly string[] _columns = ["text", "text2"];

    /// <summary>Refuses names of columns that there are not.</summary>
    /// <exception cref="ConfigException">One is mapped.</exception>
    public static void Check(ColumnMap columns) => columns.RequireAmong(_columns);

    /// <summary>The texts of a file.</summary>
    /// <exception cref="FileFormatException">The file cannot be read, or a row has no text.</exception>
    public IEnumerable<LabelledText> Read(string path) => RowReader.Read(path).Select(Text);

    /// <summary>The texts of lines, of which each is a JSON object or a text itself.</summary>
    /// <exception cref="FileFormatException">A line is no object with a text.</exception>
    public IEnumerable<LabelledText> Parse(IEnumerable<string> lines) =>
        RowReader.OfLines(lines, TextLines.StandardInput, columns["text"]).Select(Text);

    private LabelledText Text(Row row, int index) => new(index, row.Require(columns["text"]), row.Find(columns["text2"]));
}
