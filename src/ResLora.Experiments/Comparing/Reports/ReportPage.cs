using System.Globalization;
using System.Text;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>A report to read, however it is written.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Sentences">What was found, without full stops.</param>
/// <param name="Tables">The tables.</param>
/// <param name="Facts">How it was made, name and value; values in Markdown.</param>
/// <param name="Config">All settings as YAML.</param>
internal sealed record ReportPage(
    string Title,
    IReadOnlyList<string> Sentences,
    IReadOnlyList<ReportTable> Tables,
    IReadOnlyList<KeyValuePair<string, string>> Facts,
    string Config)
{
    /// <summary>What the charts' series are called, in the order of their numbers.</summary>
    public IReadOnlyList<string> Series { get; init; } = [];

    /// <summary>Charts in SVG with what they show.</summary>
    public IReadOnlyList<(string Title, string Svg)> Charts { get; init; } = [];

    /// <summary>The report as Markdown, without its charts.</summary>
    public string Markdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {Title}\n\n");
        foreach (var sentence in Sentences)
        {
            text.Append(CultureInfo.InvariantCulture, $"* {sentence}.\n");
        }

        foreach (var table in Tables)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {table.Title}\n\n{table.Note}\n\n| {string.Join(" | ", table.Columns)} |\n");
            text.Append(CultureInfo.InvariantCulture, $"|{string.Concat(table.Columns.Select(_ => "---|"))}\n");
            foreach (var row in table.Rows)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"| {string.Join(" | ", row.Select(cell => cell.Text.Replace("|", "\\|", StringComparison.Ordinal)))} |\n");
            }
        }

        text.Append("\n## How it was made\n\n");
        foreach (var line in Facts)
        {
            text.Append(CultureInfo.InvariantCulture, $"* {line.Key}: {line.Value}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"\n```yaml\n{Config.TrimEnd()}\n```\n").ToString();
    }
}
