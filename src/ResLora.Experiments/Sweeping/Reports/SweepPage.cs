using System.Globalization;
using ResLora.Experiments.Comparing.Reports;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>The report of a sweep to read: sweep.md and sweep.html.</summary>
internal static class SweepPage
{
    /// <summary>Makes it.</summary>
    /// <param name="report">The report.</param>
    public static ReportPage Of(SweepReport report)
    {
        var responses = Response.Of(report);
        return new ReportPage(
            string.Create(CultureInfo.InvariantCulture, $"{report.Task}: {report.Points.Count} points, {report.Seeds.Count} seeds"),
            report.Findings,
            SweepTables.Of(report),
            [.. SweepFacts.Of(report)],
            report.Config)
        {
            Series = [.. responses.SelectMany(response => response.Lines).Select(line => line.Name)],
            Charts = [.. ResponseCharts.Of(responses, report.Metric)],
        };
    }
}
