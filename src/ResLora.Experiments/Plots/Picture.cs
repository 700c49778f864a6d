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
    private const int MostLevelNames = 8;

    // Tells lines apart in print and for colour-blind readers (Okabe and Ito's palette, with a grey in place of its yellow).
    private static readonly string[] _colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f"];

    /// <summary>The color of a series; they repeat after eight.</summary>
    public static Color ColorOf(int series) => Color.FromHex(_colors[series % _colors.Length]);

    /// <summary>How the line of a series is drawn, so that those of one color can be told apart.</summary>
    public static LinePattern PatternOf(int series) => series < _colors.Length ? LinePattern.Solid : LinePattern.Dashed;

    /// <summary>Whether an error is of the drawing alone: a disk that refuses, a missing library. What was to be drawn is worth more.</summary>
    public static bool CannotBeDrawn(Exception error) =>
        DiskFault.Is(error) || error is ResLoraException or TypeInitializationException or DllNotFoundException;

    /// <summary>Draws pictures into a folder, which is made. What cannot be drawn is a warning: the figures are worth more.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="draw">Draws them.</param>
    public static void DrawInto(string folder, Action draw)
    {
        try
        {
            Directory.CreateDirectory(folder);
            draw();
        }
        catch (Exception error) when (CannotBeDrawn(error))
        {
            Warnings.Add($"The pictures in {folder} cannot be drawn: {error.Message}");
        }
    }

    /// <summary>Draws an interval as an upright line.</summary>
    /// <param name="plot">Where to.</param>
    /// <param name="x">Its place.</param>
    /// <param name="low">Its lower end.</param>
    /// <param name="high">Its upper end.</param>
    /// <param name="color">Its color.</param>
    public static void Whisker(Plot plot, double x, double low, double high, Color color)
    {
        var line = plot.Add.Line(x, low, x, high);
        (line.Color, line.LineWidth) = (color, 3);
    }

    /// <summary>Puts names below, at 0, 1, 2 and so on; aslant where many would cover each other.</summary>
    /// <param name="plot">Where to.</param>
    /// <param name="names">The names.</param>
    public static void NamesBelow(Plot plot, IReadOnlyList<string> names)
    {
        plot.Axes.Bottom.TickGenerator = new NumericManual([.. names.Select((_, i) => (double)i)], [.. names]);
        plot.Axes.SetLimitsX(-0.5, names.Count - 0.5);
        if (names.Count > MostLevelNames)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = 35;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleLeft;
            plot.Axes.Bottom.MinimumSize = 80;   // pixels; a name aslant is higher
        }
    }

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
