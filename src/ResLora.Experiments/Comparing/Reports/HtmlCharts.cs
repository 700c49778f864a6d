using System.Globalization;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>The charts of report.html.</summary>
internal static class HtmlCharts
{
    /// <summary>Each chart with what it shows.</summary>
    /// <param name="report">The report.</param>
    public static IEnumerable<(string Title, string Svg)> Of(ComparisonReport report)
    {
        yield return ($"{report.Score.Name}, mean and 95 % interval", Scores(report));
        foreach (var axis in Enum.GetValues<CurveAxis>())
        {
            var over = CurveBand.Title(axis, report);
            yield return ($"training loss over {over}, mean and range of seeds", Losses(report, axis, over));
        }
    }

    private static string Scores(ComparisonReport report)
    {
        Figure[] scores = [.. report.Arms.Select(arm => arm.Figures[FigureKind.Score.Key])];
        double[] all = [.. scores.SelectMany(score => new[] { score.Mean, score.Low, score.High }).OfType<double>().DefaultIfEmpty(0)];
        var frame = new SvgFrame($"{report.Score.Name} of each arm", (-0.5, scores.Length - 0.5), Roomy(all.Min(), all.Max()));
        frame.TicksLeft($"{report.Score.Name} ({report.Score.Unit})");
        for (var i = 0; i < scores.Length; i++)
        {
            frame.Whisker(i, i, scores[i]);
        }

        return frame.Close();
    }

    private static string Losses(ComparisonReport report, CurveAxis axis, string over)
    {
        var bands = CurveBand.Of(report, axis);
        var (least, most) = CurveBand.Shown(bands);
        var frame = new SvgFrame(
            string.Create(CultureInfo.InvariantCulture, $"training loss of {bands.Count} arms over {over}"),
            (0, bands.Max(band => band.X[^1])), Roomy(least, most));
        frame.TicksLeft($"loss ({report.LossUnit})");
        frame.TicksBelow(over);
        foreach (var (i, band) in bands.Index())
        {
            frame.Band(i, band.X, band.Low, band.High);
        }

        foreach (var (i, band) in bands.Index())
        {
            frame.Line(i, band.X.Zip(band.Mean));
        }

        return frame.Close();
    }

    private static (double Least, double Most) Roomy(double least, double most)
    {
        var room = (most - least) / 20;
        return (least >= 0 ? Math.Max(0, least - room) : least - room, most + room);
    }
}
