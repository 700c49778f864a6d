using ResLora.Experiments.Plots;
using ScottPlot;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>The pictures of a report: scores.png and the training losses over steps, over what was read and over seconds.</summary>
internal static class ReportPlots
{
    // More bands than these cover each other.
    private const int MostBands = 4;

    /// <summary>Writes them.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="report">The report.</param>
    public static void Write(string folder, ComparisonReport report) => Picture.DrawInto(folder, () =>
    {
        Scores(Path.Combine(folder, "scores.png"), report);
        foreach (var axis in Enum.GetValues<CurveAxis>())
        {
            Losses(Path.Combine(folder, $"loss-{axis.ToString().ToLowerInvariant()}.png"), report, axis);
        }
    });

    private static void Losses(string path, ComparisonReport report, CurveAxis axis)
    {
        var bands = CurveBand.Of(report, axis);
        var hasRange = report.Seeds.Count > 1 && bands.Count <= MostBands;
        using var plot = new Plot();
        foreach (var (i, band) in bands.Index())
        {
            var color = Picture.ColorOf(i);
            if (hasRange)
            {
                var spread = plot.Add.FillY(band.X, band.Low, band.High);
                spread.FillColor = color.WithAlpha(0.15);
                spread.LineWidth = 0;
            }

            var line = plot.Add.ScatterLine(band.X, band.Mean, color);
            (line.LineWidth, line.LegendText) = (3, band.Name);
            line.LinePattern = Picture.PatternOf(i);
        }

        Picture.Label(
            plot,
            $"{report.Task}: training loss, mean{(hasRange ? " and range" : "")} of {report.Seeds.Count} seeds",
            CurveBand.Title(axis, report),
            $"loss ({report.LossUnit})");
        var (least, most) = CurveBand.Shown(hasRange ? bands : [.. bands.Select(band => band with { Low = band.Mean, High = band.Mean })]);
        var room = (most - least) / 20;
        plot.Axes.SetLimitsY(Math.Max(0, least - room), most + room);
        Picture.Save(plot, path);
    }

    private static void Scores(string path, ComparisonReport report)
    {
        using var plot = new Plot();
        for (var i = 0; i < report.Arms.Count; i++)
        {
            var score = report.Arms[i].Figures[FigureKind.Score.Key];
            if (score.Mean is not { } mean)
            {
                continue;
            }

            var color = Picture.ColorOf(i);
            var dot = plot.Add.Marker(i, mean, MarkerShape.FilledCircle, 12, color);
            dot.LegendText = report.Arms[i].Name;
            if (score is { Low: { } low, High: { } high })
            {
                Picture.Whisker(plot, i, low, high, color);
            }
        }

        Picture.Label(
            plot,
            $"{report.Task}: {report.Score.Name} on {report.TestSamples} test samples, with 95 % intervals",
            "",
            $"{report.Score.Name} ({report.Score.Unit})");
        Picture.NamesBelow(plot, [.. report.Arms.Select(arm => arm.Name)]);
        Picture.Save(plot, path);
    }
}
