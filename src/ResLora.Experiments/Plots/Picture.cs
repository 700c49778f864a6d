using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace ResLora.Experiments.Plots;

/// <summary>What all our pictures share.</summary>
internal static class Picture
{
    private const int Width = 1200;
    private const int Height = 700;
    private const double NearZero = 0.3;

    // Tells lines apart in print and for colour-blind readers (Okabe and Ito's palette, with a grey in place of its yellow).
    private static readonly string[] _colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f"];

    /// <summary>The color of a series; they repeat after eight.</summary>
    public static Color ColorOf(int series) => Color.FromHex(_colors[series % _colors.Length]);

    /// <summary>How the line of a series is drawn, so that those of one color can be told apart.</summary>
    public static LinePattern PatternOf(int series) => series < _colors.Length ? LinePattern.Solid : LinePattern.Dashed;

    /// <summary>Whether an error is of the drawing alone: a disk that refuses, a missing library. What was to be drawn is worth more.</summary>
    public static bool CannotBeDrawn(Exception error) =>
        DiskFault.Is(error) || error is ResLoraException or TypeInitializationException or DllNotFoundException;

    /// <summary>
    /// Labels the plot, starts its vertical axis where differences can be seen and writes it as a PNG of 1200 by 700 pixels.
    /// </summary>
    public static void Write(Plot plot, string path, string title, string x, string y)
    {
        Label(plot, title, x, y);
        Save(plot, path);
    }

    /// <summary>Writes a plot as a PNG of 1200 by 700 pixels.</summary>
    public static void Save(Plot plot, string path)
    {
        var png = plot.GetImageBytes(Width, Height, ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    /// <summary>Writes several plots side by side as one PNG.</summary>
    /// <param name="plots">The plots.</param>
    /// <param name="path">The file.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    public static void Save(Multiplot plots, string path, int width, int height)
    {
        var png = plots.Render(width, height).GetImageBytes(ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    /// <summary>Labels the plot, and starts its vertical axis where differences can be seen.</summary>
    public static void Label(Plot plot, string title, string x, string y)
    {
        plot.Title(title, size: 22);
        plot.XLabel(x, size: 20);
        plot.YLabel(y, size: 20);
        // Steps and layers, not fractions of them.
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        plot.Axes.Bottom.TickLabelStyle.FontSize = 16;
        plot.Axes.Left.TickLabelStyle.FontSize = 16;
        plot.Axes.AutoScale();
        var limits = plot.Axes.GetLimits();
        // Nothing drawn here is negative. Where the values come near to 0, the way left is worth seeing; else their differences are.
        plot.Axes.SetLimitsY(limits.Bottom < limits.Top * NearZero ? 0 : limits.Bottom, limits.Top);
        plot.Legend.FontSize = 16;
        plot.ShowLegend(Edge.Right);   // outside, where it hides nothing, and a name a line, so that all have room
    }
}
