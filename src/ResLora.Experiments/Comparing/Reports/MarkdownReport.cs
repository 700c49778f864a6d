using System.Globalization;
using System.Text;
using ResLora.Formats.Files;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>report.md, made from the report alone.</summary>
internal static class MarkdownReport
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="report">The report.</param>
    public static void Write(string path, ComparisonReport report) => AtomicFile.WriteText(path, Text(report));

    /// <summary>The report as Markdown.</summary>
    /// <param name="report">The report.</param>
    public static string Text(ComparisonReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {report.Task}: {report.Arms.Count} arms, {report.Seeds.Count} seeds\n\n");
        foreach (var verdict in report.Verdicts)
        {
            text.Append(CultureInfo.InvariantCulture, $"* {verdict.Sentence}.\n");
        }

        foreach (var table in ReportTables.Of(report))
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
        foreach (var line in ReportFacts.Of(report))
        {
            text.Append(CultureInfo.InvariantCulture, $"* {line.Key}: {line.Value}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"\n```yaml\n{report.Config.TrimEnd()}\n```\n").ToString();
    }
}
