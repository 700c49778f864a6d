using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Text.Data.Readers;

namespace ResLora.Experiments.Workloads.TextLabels;

/// <summary>Texts without labels, from rows of a file or from lines.</summary>
/// <param name="columns">The file's names of the columns <c>text</c> and <c>text2</c>.</param>
internal sealed class TextRows(ColumnMap columns)
{
    // What the lines that are given in place of a file are called in errors.
    private const string InputName = "standard input";

    private static readonly string[] _columns = ["text", "text2"];

    /// <summary>The names of columns that can be mapped.</summary>
    /// <exception cref="ConfigException">Another one is.</exception>
    public static void Check(ColumnMap columns)
    {
        if (columns.Mapped.FirstOrDefault(name => !_columns.Contains(name)) is { } unknown)
        {
            throw new ConfigException($"There is no column '{unknown}' to name.{NearestName.Suggestion(unknown, _columns)} Columns: {string.Join(", ", _columns)}.");
        }
    }

    /// <summary>The texts of a file.</summary>
    /// <exception cref="FileFormatException">The file cannot be read, or a row has no text.</exception>
    public IEnumerable<LabelledText> Read(string path) =>
        RowReader.Read(path).Select((row, i) => new LabelledText(i, row.Require(columns["text"]), row.Find(columns["text2"])));

    /// <summary>
    /// The texts of lines: a line that begins with a brace is a JSON object, any other is a text itself; empty lines are left out.
    /// </summary>
    /// <exception cref="FileFormatException">A line is no object with a text.</exception>
    public IEnumerable<LabelledText> Parse(IEnumerable<string> lines)
    {
        var (number, index) = (0, 0);
        foreach (var line in lines)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return line.TrimStart().StartsWith('{') ? Parse(line, number, index) : new LabelledText(index, line, null);
                index++;
            }
        }
    }

    private LabelledText Parse(string line, int number, int index)
    {
        var row = RowReader.ParseLine(line, InputName, $"line {number}");
        return new LabelledText(index, row.Require(columns["text"]), row.Find(columns["text2"]));
    }
}
