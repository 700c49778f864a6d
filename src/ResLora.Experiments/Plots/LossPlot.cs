using ResLora.Formats.Files;
using ScottPlot;
using SkiaSharp;

namespace ResLora.Experiments.Plots;

/// <summary>Draws loss curves as a picture.</summary>
public static class LossPlot
{
    private const int Width = 1200;
    private const int Height = 700;

    // Tells the curves apart in print and for colour-blind readers (Okabe and Ito's palette).
    private static readonly string[] _colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

    /// <summary>Whether this machine has a font; without one, pictures have no text.</summary>
    public static bool HasFonts => SKFontManager.Default.FontFamilyCount > 0;

    /// <summary>Writes a PNG of 1200 by 700 pixels: every step faintly, a running mean boldly.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="title">The title.</param>
    /// <param name="curves">The curves, best of equal length.</param>
    public static void Write(string path, string title, IReadOnlyList<LossCurve> curves)
    {
        ArgumentNullException.ThrowIfNull(curves);
        using var plot = new Plot();
        for (var i = 0; i < curves.Count; i++)
        {
            Draw(plot, curves[i], Color.FromHex(_colors[i % _colors.Length]));
        }

        plot.Title(title, size: 26);
        plot.XLabel("step", size: 20);
        plot.YLabel("training loss (nats a token)", size: 20);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 16;
        plot.Axes.Left.TickLabelStyle.FontSize = 16;
        plot.ShowLegend(Alignment.UpperRight);
        plot.Legend.FontSize = 20;
        var png = plot.GetImageBytes(Width, Height, ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    private static void Draw(Plot plot, LossCurve curve, Color color)
    {
        double[] steps = [.. curve.Losses.Select(point => (double)point.Step)];
        double[] losses = [.. curve.Losses.Select(point => point.Loss)];
        var raw = plot.Add.ScatterLine(steps, losses, color.WithAlpha(0.25));
        raw.LineWidth = 1;
        var mean = plot.Add.ScatterLine(steps, RunningMean(losses), color);
        mean.LineWidth = 3;
        mean.LegendText = curve.Name;
    }

    /// <summary>The mean over a twentieth of the run around each step: unlike a mean over what came before, it does not lag behind.</summary>
    private static double[] RunningMean(double[] values)
    {
        var half = values.Length / 40;
        return [.. values.Select((_, i) => values[Math.Max(0, i - half)..Math.Min(values.Length, i + half + 1)].Average())];
    }
}
