using System.Globalization;
using ResLora.Experiments.Comparing.Reports;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>The tables of a sweep, which the terminal, sweep.md and sweep.html all show.</summary>
public static class SweepTables
{
    /// <summary>Makes the tables, those without any row left out.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The tables, the points that were trained to the end first.</returns>
    public static IReadOnlyList<ReportTable> Of(SweepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        ReportTable[] all = [Finished(report), Cut(report), Failed(report), BySeed(report)];
        return [.. all.Where(table => table.Rows.Count > 0)];
    }

    /// <summary>The points that were trained to the end, the best first, with what they cost.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The table.</returns>
    public static ReportTable Finished(SweepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ReportTable(
            "Points",
            $"{report.Metric} ({(report.IsLowerBetter ? "lower" : "higher")} is better) after the last step, on "
                + $"{report.ValidationSamples} validation samples; {Means(report)} No test data was read.",
            ["point", report.Metric, "seconds", "trained parameters", "peak memory"],
            [
                .. report.Finished.Select(point => (IReadOnlyList<ReportCell>)
                [
                    new(point.Name), Cell(point.Value, FigureStyle.Number), Cell(point.Seconds, FigureStyle.Short),
                    new(FigureText.Of(point.TrainedParameters, FigureStyle.Count), point.TrainedParameters),
                    new(FigureText.Of(point.PeakMemory, FigureStyle.Bytes), point.PeakMemory),
                ]),
            ]);
    }

    /// <summary>The points that halving left behind.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The table; without rows when there are none.</returns>
    public static ReportTable Cut(SweepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ReportTable(
            "Left behind",
            $"Successive halving gave these up: {report.Metric} is that of the step where they were left, and says nothing of the end; "
                + Means(report),
            ["point", "left at step", "of", $"{report.Metric} there", "seconds"],
            [
                .. report.Points.Where(point => point.Outcome == PointOutcome.Cut).Select(point => (IReadOnlyList<ReportCell>)
                [
                    new(point.Name), new(FigureText.Of(point.Step, FigureStyle.Count), point.Step),
                    new(FigureText.Of(point.Steps, FigureStyle.Count), point.Steps), Cell(point.Value, FigureStyle.Number),
                    Cell(point.Seconds, FigureStyle.Short),
                ]),
            ]);
    }

    /// <summary>The points that were given up, with why.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The table; it may have no row.</returns>
    public static ReportTable Failed(SweepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ReportTable(
            "Failed",
            "A run gave no finite value; a point is given up for all seeds then.",
            ["point", "why"],
            [
                .. report.Points.Where(point => point.Outcome == PointOutcome.Failed)
                    .Select(point => (IReadOnlyList<ReportCell>)[new(point.Name), new(string.Join(" ", point.Failures))]),
            ]);
    }

    private static ReportTable BySeed(SweepReport report) => new(
        "By seed",
        $"{report.Metric} of each run after its last step.",
        ["point", .. report.Seeds.Select(seed => string.Create(CultureInfo.InvariantCulture, $"seed {seed}"))],
        [
            .. report.Finished.Select(point => (IReadOnlyList<ReportCell>)
                [new(point.Name), .. point.Value.Values.Select(value => new ReportCell(FigureText.Of(value, FigureStyle.Number), value))]),
        ]);

    private static string Means(SweepReport report) =>
        report.Seeds.Count == 1 ? "one seed." : $"mean of {report.Seeds.Count} seeds and Student's 95 % interval.";

    private static ReportCell Cell(Figure figure, FigureStyle style) => new(FigureText.Of(figure, style), figure.Mean);
}
