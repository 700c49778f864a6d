using System.Globalization;
using ResLora.Experiments.Plots;
using ScottPlot;
using ScottPlot.Colormaps;
using ScottPlot.MultiplotLayouts;
using ScottPlot.TickGenerators;

namespace ResLora.Experiments.Analyzing.Reports;

/// <summary>A picture for each quantity: layers upwards, steps to the right, a panel for each arm, one scale of colors for all.</summary>
internal static class HeatMaps
{
    private const int PanelWidth = 620;
    private const int PanelHeight = 420;
    private const int MostTicks = 12;

    /// <summary>Writes them.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="report">The analysis.</param>
    public static void Write(string folder, AnalysisReport report) => Picture.DrawInto(folder, () =>
    {
        foreach (var quantity in Quantity.All)
        {
            Write(FileOf(folder, quantity), report, quantity);
        }
    });

    /// <summary>The file of a quantity.</summary>
    /// <param name="folder">The pictures' folder.</param>
    /// <param name="quantity">The quantity.</param>
    public static string FileOf(string folder, Quantity quantity) => Path.Combine(folder, quantity.Key + ".png");

    /// <summary>The arms that have a quantity, with its values: layers first to last, then steps.</summary>
    /// <param name="report">The analysis.</param>
    /// <param name="quantity">The quantity.</param>
    public static IReadOnlyList<(ArmAnalysis Arm, double[,] Values)> Of(AnalysisReport report, Quantity quantity) =>
    [
        .. report.Arms.Select(arm => (Arm: arm, Values: Values(arm, quantity)))
            .Where(panel => panel.Values.Cast<double>().Any(double.IsFinite)),
    ];

    private static void Write(string path, AnalysisReport report, Quantity quantity)
    {
        var panels = Of(report, quantity);
        if (panels.Count == 0)
        {
            return;
        }

        var finite = panels.SelectMany(panel => panel.Values.Cast<double>()).Where(double.IsFinite).ToArray();
        // Equal values still need a scale.
        var room = finite.Min() < finite.Max() ? 0 : 0.5;
        var range = new ScottPlot.Range(finite.Min() - room, finite.Max() + room);
        var columns = Math.Min(2, panels.Count);
        var rows = (panels.Count + columns - 1) / columns;
        var plots = new Multiplot { Layout = new Grid(rows, columns) };
        plots.AddPlots(panels.Count);
        foreach (var (i, (arm, values)) in panels.Index())
        {
            Draw(plots.GetPlot(i), arm, values, range, $"{arm.Name}\n{quantity.Title}");
        }

        Picture.Save(plots, path, columns * PanelWidth, rows * PanelHeight);
    }

    private static double[,] Values(ArmAnalysis arm, Quantity quantity)
    {
        var layers = arm.Steps.Select(LayerFigures.Of).ToArray();
        var values = new double[layers[0].Count, layers.Length];
        for (var layer = 0; layer < values.GetLength(0); layer++)
        {
            for (var step = 0; step < layers.Length; step++)
            {
                values[layer, step] = quantity.Shown(layers[step][layer].Blocks);
            }
        }

        return values;
    }

    private static void Draw(Plot plot, ArmAnalysis arm, double[,] values, ScottPlot.Range range, string title)
    {
        var map = plot.Add.Heatmap(values);
        (map.Colormap, map.ManualRange, map.FlipVertically) = (new Viridis(), range, true);   // layer 0 below
        map.NaNCellColor = Colors.LightGray;
        plot.Add.ColorBar(map);
        plot.Title(title, size: 11);
        plot.XLabel("step", size: 14);
        plot.YLabel("layer", size: 14);
        string[] layers = [.. LayerFigures.Of(arm.Steps[0]).Select(layer => layer.Label)];
        plot.Axes.Left.TickGenerator = Ticks(layers);
        plot.Axes.Bottom.TickGenerator = Ticks([.. arm.Steps.Select(step => step.Step.ToString(CultureInfo.InvariantCulture))]);
        plot.Axes.SetLimits(-0.5, values.GetLength(1) - 0.5, -0.5, values.GetLength(0) - 0.5);
    }

    private static NumericManual Ticks(string[] labels)
    {
        var every = (labels.Length + MostTicks - 1) / MostTicks;
        var shown = Enumerable.Range(0, labels.Length).Where(i => i % every == 0).ToArray();
        return new NumericManual([.. shown.Select(i => (double)i)], [.. shown.Select(i => labels[i])]);
    }
}
