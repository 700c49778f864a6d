using System.Globalization;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>The report of a comparison to read: report.md and report.html.</summary>
internal static class ComparisonPage
{
    /// <summary>Makes it.</summary>
    /// <param name="report">The report.</param>
    public static ReportPage Of(ComparisonReport report) => new(
        string.Create(CultureInfo.InvariantCulture, $"{report.Task}: {report.Arms.Count} arms, {report.Seeds.Count} seeds"),
        report.Sentences,
        ReportTables.Of(report),
        [.. ReportFacts.Of(report)],
        report.Config)
    {
        Series = [.. report.Arms.Select(arm => arm.Name)],
        Charts = [.. HtmlCharts.Of(report)],
    };
}
