using ResLora.Formats;

namespace ResLora.Images.Augmentation;

/// <summary>Draws rectangles by area and proportions.</summary>
internal static class AreaDraw
{
    /// <summary>How often a rectangle is drawn that may not fit.</summary>
    public const int Tries = 10;

    /// <summary>
    /// One length and the other: √(area · ratio) and √(area / ratio), rounded; area and the ratio's logarithm are uniform.
    /// </summary>
    /// <param name="random">Where numbers come from.</param>
    /// <param name="area">The whole area, in pixels.</param>
    /// <param name="scale">The least and the most of it.</param>
    /// <param name="ratio">The least and the most of the ratio.</param>
    public static (int First, int Second) Draw(
        StableRandom random, long area, (double Min, double Max) scale, (double Min, double Max) ratio)
    {
        var part = area * Uniform(random, scale.Min, scale.Max);
        var proportion = Math.Exp(Uniform(random, Math.Log(ratio.Min), Math.Log(ratio.Max)));
        return ((int)Math.Round(Math.Sqrt(part * proportion)), (int)Math.Round(Math.Sqrt(part / proportion)));
    }

    /// <summary>A number between two.</summary>
    public static double Uniform(StableRandom random, double from, double to) => from + ((to - from) * random.NextDouble());

    /// <summary>A place from 0 up to and including a last one, each equally likely.</summary>
    public static int Place(StableRandom random, int last) => (int)(random.Next() % (ulong)(last + 1));

    /// <summary>What is wrong with bounds, a phrase each.</summary>
    public static IEnumerable<string> Problems(double minScale, double maxScale, double minRatio, double maxRatio)
    {
        if (!(minScale > 0 && minScale <= maxScale && maxScale <= 1))
        {
            yield return $"minScale is {minScale} and maxScale {maxScale}; they must be above 0, in this order, and at most 1";
        }

        if (!(minRatio > 0 && minRatio <= maxRatio && double.IsFinite(maxRatio)))
        {
            yield return $"minRatio is {minRatio} and maxRatio {maxRatio}; they must be above 0 and in this order";
        }
    }
}
