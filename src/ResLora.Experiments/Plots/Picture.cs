using ResLora.Formats.Files;
using ScottPlot;

namespace ResLora.Experiments.Plots;

/// <summary>What all our pictures share.</summary>
internal static class Picture
{
    private const int Width = 1200;
    private const int Height = 700;

    // Tells lines apart in print and for colour-blind readers (Okabe and Ito's palette).
    private static readonly string[] _colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

    /// <summary>The color of a series; they repeat after six.</summary>
    public static Color ColorOf(int series) => Color.FromHex(_colors[series % _colors.Length]);

    /// <summary>Labels the plot, starts its vertical axis at 0 and writes it as a PNG of 1200 by 700 pixels.</summary>
    public static void Write(Plot plot, string path, string title, string x, string y)
    {
        plot.Title(title, size: 22);
        plot.XLabel(x, size: 20);
        plot.YLabel(y, size: 20);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 16;
        plot.Axes.Left.TickLabelStyle.FontSize = 16;
        plot.Axes.AutoScale();
        plot.Axes.SetLimitsY(0, plot.Axes.GetLimits().Top);   // nothing drawn here is negative, and the way left to 0 is worth seeing
        plot.Legend.FontSize = 18;
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.ShowLegend(Edge.Bottom);   // outside, where it hides nothing
        var png = plot.GetImageBytes(Width, Height, ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(png));
    }
}
