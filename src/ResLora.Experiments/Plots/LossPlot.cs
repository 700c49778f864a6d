using ScottPlot;
using SkiaSharp;

namespace ResLora.Experiments.Plots;

/// <summary>Draws loss curves as a picture.</summary>
public static class LossPlot
{
    // The running mean reaches this part of the curve to each side; curves of so few points, such as those of evaluations, have none.
    private const int Smoothing = 40;

    /// <summary>Whether this machine has a font; without one, pictures have no text.</summary>
    public static bool HasFonts => SKFontManager.Default.FontFamilyCount > 0;

    /// <summary>Writes a PNG of 1200 by 700 pixels: every value faintly, a running mean boldly.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="title">The title.</param>
    /// <param name="curves">The curves.</param>
    /// <param name="what">The label of the losses, with their unit. Default: training loss (nats a token).</param>
    public static void Write(string path, string title, IReadOnlyList<LossCurve> curves, string what = "training loss (nats a token)")
    {
        ArgumentNullException.ThrowIfNull(curves);
        using var plot = new Plot();
        for (var i = 0; i < curves.Count; i++)
        {
            Draw(plot, curves[i], Picture.ColorOf(i));
        }

        Picture.Write(plot, path, title, "step", what);
    }

    private static void Draw(Plot plot, LossCurve curve, Color color)
    {
        double[] steps = [.. curve.Losses.Select(point => (double)point.Step)];
        double[] losses = [.. curve.Losses.Select(point => point.Loss)];
        var mean = plot.Add.ScatterLine(steps, RunningMean(losses), color);
        mean.LineWidth = 3;
        mean.LegendText = curve.Name;
        if (losses.Length < Smoothing)
        {
            mean.MarkerShape = MarkerShape.FilledCircle;
            mean.MarkerSize = 8;
            return;
        }

        var raw = plot.Add.ScatterLine(steps, losses, color.WithAlpha(0.25));
        raw.LineWidth = 1;
    }

    /// <summary>
    /// The mean over a twentieth of the run around each step: unlike a mean over what came before, it does not lag behind.
    /// </summary>
    private static double[] RunningMean(double[] values)
    {
        var half = values.Length / Smoothing;
        return [.. values.Select((_, i) => values[Math.Max(0, i - half)..Math.Min(values.Length, i + half + 1)].Average())];
    }
}
