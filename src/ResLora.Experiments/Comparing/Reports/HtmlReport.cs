using System.Globalization;
using System.Net;
using System.Text;
using ResLora.Formats.Files;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>report.html, made from the report alone: one file that needs no network.</summary>
internal static class HtmlReport
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="report">The report.</param>
    public static void Write(string path, ComparisonReport report) => AtomicFile.WriteText(path, Text(report));

    /// <summary>The page.</summary>
    /// <param name="report">The report.</param>
    public static string Text(ComparisonReport report)
    {
        var title = string.Create(CultureInfo.InvariantCulture, $"{report.Task}: {report.Arms.Count} arms, {report.Seeds.Count} seeds");
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append(CultureInfo.InvariantCulture, $"<title>{Safe(title)}</title>\n<style>\n{HtmlPage.Style}{Colors(report.Arms.Count)}</style>\n</head>\n<body>\n<main>\n<h1>{Safe(title)}</h1>\n<ul>\n");
        foreach (var verdict in report.Verdicts)
        {
            page.Append(CultureInfo.InvariantCulture, $"<li>{Safe(verdict.Sentence)}.</li>\n");
        }

        page.Append("</ul>\n<p class=\"legend\">");
        foreach (var (i, arm) in report.Arms.Index())
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<button type=\"button\" class=\"s{i}\" data-s=\"{i}\" aria-pressed=\"true\">{Safe(arm.Name)}</button> ");
        }

        page.Append("</p>\n<div class=\"charts\">\n");
        foreach (var (caption, svg) in HtmlCharts.Of(report))
        {
            page.Append(CultureInfo.InvariantCulture, $"<figure>{svg}<figcaption>{Safe(caption)}</figcaption></figure>\n");
        }

        page.Append("</div>\n");
        foreach (var table in ReportTables.Of(report))
        {
            Append(page, table);
        }

        page.Append("<h2>How it was made</h2>\n<dl>\n");
        foreach (var (name, value) in ReportFacts.Of(report))
        {
            page.Append(
                CultureInfo.InvariantCulture, $"<dt>{Safe(name)}</dt><dd>{Safe(value.Replace("`", "", StringComparison.Ordinal))}</dd>\n");
        }

        page.Append(
            CultureInfo.InvariantCulture, $"</dl>\n<details><summary>All settings</summary><pre>{Safe(report.Config)}</pre></details>\n");
        return page.Append(CultureInfo.InvariantCulture, $"</main>\n<script>\n{HtmlPage.Script}</script>\n</body>\n</html>\n").ToString();
    }

    private static void Append(StringBuilder page, ReportTable table)
    {
        page.Append(
            CultureInfo.InvariantCulture,
            $"<h2>{Safe(table.Title)}</h2>\n<p>{Safe(table.Note)}</p>\n<div class=\"wide\"><table>\n<thead><tr>");
        foreach (var column in table.Columns)
        {
            page.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\"><button type=\"button\">{Safe(column)}</button></th>");
        }

        page.Append("</tr></thead>\n<tbody>\n");
        foreach (var row in table.Rows)
        {
            page.Append("<tr>");
            foreach (var cell in row)
            {
                page.Append(cell.Value is { } value && double.IsFinite(value)
                    ? string.Create(CultureInfo.InvariantCulture, $"<td class=\"n\" data-v=\"{value:R}\">{Safe(cell.Text)}</td>")
                    : $"<td>{Safe(cell.Text)}</td>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }

    /// <summary>A color for each arm, as in the other pictures; dashed where colors begin anew.</summary>
    private static string Colors(int arms) => string.Concat(Enumerable.Range(0, arms).Select(i => string.Create(
        CultureInfo.InvariantCulture,
        $".s{i}{{--c:var(--c{i % HtmlPage.Colors});}}{(i >= HtmlPage.Colors ? $".line.s{i}{{stroke-dasharray:6 4}}" : "")}\n")));

    private static string Safe(string text) => WebUtility.HtmlEncode(text);
}
