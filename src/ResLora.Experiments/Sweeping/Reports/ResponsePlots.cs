using ResLora.Experiments.Comparing.Reports;
using ResLora.Experiments.Plots;
using ScottPlot;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>The pictures of a sweep, one a key: the metric over the key's values.</summary>
internal static class ResponsePlots
{
    private const string CutName = "left behind (end not known)";

    /// <summary>Writes them.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="report">The report.</param>
    public static void Write(string folder, SweepReport report) => Picture.DrawInto(folder, () =>
    {
        foreach (var response in Response.Of(report))
        {
            Write(Path.Combine(folder, $"{response.Key.Key}.png"), response, report);
        }
    });

    private static void Write(string path, Response response, SweepReport report)
    {
        using var plot = new Plot();
        var (least, most, cuts) = ResponsePlace.Range(response);
        foreach (var (i, line) in response.Lines.Index())
        {
            Draw(plot, i, line, ResponsePlace.Shift(i, response.Lines.Count), cuts);
        }

        if (response.HasCuts)
        {
            var cut = plot.Add.ScatterPoints(Array.Empty<double>(), Array.Empty<double>(), Colors.Gray);
            (cut.LegendText, cut.MarkerShape) = (CutName, MarkerShape.Eks);
        }

        var seeds = report.Seeds.Count == 1 ? "one seed" : $"95 % intervals, {report.Seeds.Count} seeds";
        Picture.Label(
            plot, $"{report.Metric} over {response.Key.Name} ({seeds})",
            response.Note.Length == 0 ? response.Key.Key : $"{response.Key.Key} ({response.Note})",
            $"{report.Metric} on {report.ValidationSamples} validation samples");
        Picture.NamesBelow(plot, response.Key.Values);
        plot.Axes.SetLimitsY(least, most);
        Picture.Save(plot, path);
    }

    private static void Draw(Plot plot, int series, ResponseLine line, double shift, double cuts)
    {
        var color = Picture.ColorOf(series);
        (double X, Figure Figure)[] there = [.. ResponsePlace.Of(line.Figures, shift)];
        double[] x = [.. there.Select(one => one.X)], y = [.. there.Select(one => one.Figure.Mean!.Value)];
        var means = plot.Add.Scatter(x, y, color);
        (means.LineWidth, means.MarkerSize, means.LegendText, means.LinePattern) = (3, 12, line.Name, Picture.PatternOf(series));
        foreach (var (place, figure) in there)
        {
            if (figure is { Low: { } low, High: { } high })
            {
                Picture.Whisker(plot, place, low, high, color);
            }
        }

        foreach (var place in ResponsePlace.OfCuts(line, shift))
        {
            plot.Add.Marker(place, cuts, MarkerShape.Eks, 14, color).MarkerLineWidth = 3;
        }
    }
}
