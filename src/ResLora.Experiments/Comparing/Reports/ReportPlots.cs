using ResLora.Experiments.Plots;
using ResLora.Formats.Errors;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>The pictures of a report: scores.png and the training losses over steps, over what was read and over seconds.</summary>
internal static class ReportPlots
{
    // More bands than these cover each other.
    private const int MostBands = 4;

    private const int MostLevelNames = 8;

    /// <summary>Writes them. A picture that cannot be written is a warning: the figures are worth more.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="report">The report.</param>
    public static void Write(string folder, ComparisonReport report)
    {
        try
        {
            Directory.CreateDirectory(folder);
            Scores(Path.Combine(folder, "scores.png"), report);
            foreach (var axis in Enum.GetValues<CurveAxis>())
            {
                Losses(Path.Combine(folder, $"loss-{axis.ToString().ToLowerInvariant()}.png"), report, axis);
            }
        }
        catch (Exception error) when (Picture.CannotBeDrawn(error))
        {
            Warnings.Add($"The pictures in {folder} cannot be drawn: {error.Message}");
        }
    }

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
            plot, $"{report.Task}: training loss, mean{(hasRange ? " and range" : "")} of {report.Seeds.Count} seeds", CurveBand.Title(axis, report), $"loss ({report.LossUnit})");
        var (least, most) = CurveBand.Shown(bands);
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
                var whisker = plot.Add.Line(i, low, i, high);
                (whisker.Color, whisker.LineWidth) = (color, 3);
            }
        }

        Picture.Label(
            plot, $"{report.Task}: {report.Score.Name} on {report.TestSamples} test samples, with 95 % intervals", "", $"{report.Score.Name} ({report.Score.Unit})");
        plot.Axes.Bottom.TickGenerator = new NumericManual(
            [.. report.Arms.Select((_, i) => (double)i)], [.. report.Arms.Select(arm => arm.Name)]);
        if (report.Arms.Count > MostLevelNames)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = 35;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleLeft;
            plot.Axes.Bottom.MinimumSize = 80;   // pixels; a rotated name is higher
        }

        plot.Axes.SetLimitsX(-0.5, report.Arms.Count - 0.5);
        Picture.Save(plot, path);
    }
}
