using ResLora.Formats;

namespace ResLora.Images.Augmentation;

/// <summary>Blots out a rectangle of a picture that is normalised already, where 0 is the mean colour.</summary>
internal static class RandomErasing
{
    /// <summary>Up to ten rectangles are drawn; the first that is smaller than the picture on both sides is blotted out.</summary>
    /// <param name="values">[3, H, W], changed.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="config">Which rectangles.</param>
    /// <param name="random">Where numbers come from.</param>
    public static void Apply(float[] values, int height, int width, RandomErasingConfig config, StableRandom random)
    {
        if (random.NextDouble() >= config.Probability)
        {
            return;
        }

        for (var i = 0; i < AreaDraw.Tries; i++)
        {
            var (high, wide) = AreaDraw.Draw(
                random, (long)height * width, (config.MinScale, config.MaxScale), (config.MinRatio, config.MaxRatio));
            if (high < height && wide < width)
            {
                Blot(values, height, width, (AreaDraw.Place(random, height - high), AreaDraw.Place(random, width - wide), high, wide));
                return;
            }
        }
    }

    private static void Blot(float[] values, int height, int width, (int Top, int Left, int Height, int Width) box)
    {
        for (var channel = 0; channel < PixelImage.Channels; channel++)
        {
            for (var y = box.Top; y < box.Top + box.Height; y++)
            {
                values.AsSpan((((channel * height) + y) * width) + box.Left, box.Width).Clear();
            }
        }
    }
}
