using System.Globalization;
using System.Net;
using System.Text;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>A report as HTML: one file that needs no network.</summary>
internal static class HtmlReport
{
    private const string Stripes = "background:repeating-linear-gradient(90deg,var(--c) 0 .2em,#0000 0 .3em)";

    /// <summary>The page.</summary>
    /// <param name="report">The report.</param>
    public static string Text(ReportPage report)
    {
        var title = report.Title;
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append(CultureInfo.InvariantCulture, $"<title>{Safe(title)}</title>\n");
        page.Append(CultureInfo.InvariantCulture, $"<style>\n{HtmlPage.Style}{Colors(report.Series.Count)}</style>\n");
        page.Append(CultureInfo.InvariantCulture, $"</head>\n<body>\n<main>\n<h1>{Safe(title)}</h1>\n<ul>\n");
        foreach (var sentence in report.Sentences)
        {
            page.Append(CultureInfo.InvariantCulture, $"<li>{Safe(sentence)}.</li>\n");
        }

        page.Append("</ul>\n<p class=\"legend\">");
        foreach (var (i, name) in report.Series.Index())
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<button type=\"button\" class=\"s{i}\" data-s=\"{i}\" aria-pressed=\"true\">{Safe(name)}</button> ");
        }

        page.Append("</p>\n<div class=\"charts\">\n");
        foreach (var (caption, svg) in report.Charts)
        {
            page.Append(CultureInfo.InvariantCulture, $"<figure>{svg}<figcaption>{Safe(caption)}</figcaption></figure>\n");
        }

        page.Append("</div>\n");
        foreach (var table in report.Tables)
        {
            Append(page, table);
        }

        page.Append("<h2>How it was made</h2>\n<dl>\n");
        foreach (var (name, value) in report.Facts)
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

    /// <summary>A color for each series, as in the other pictures; dashed where colors begin anew, in the legend, too.</summary>
    private static string Colors(int series) => string.Concat(Enumerable.Range(0, series).Select(i => string.Create(
        CultureInfo.InvariantCulture, $".s{i}{{--c:var(--c{i % HtmlPage.Colors});}}{(i >= HtmlPage.Colors ? Dashed(i) : "")}\n")));

    private static string Dashed(int series) => string.Create(
        CultureInfo.InvariantCulture,
        $".line.s{series}{{stroke-dasharray:6 4}}.legend .s{series}::before{{{Stripes}}}");

    private static string Safe(string text) => WebUtility.HtmlEncode(text);
}
