using ResLora.Formats;

namespace ResLora.Images.Augmentation;

/// <summary>Random brightness, contrast, saturation and hue, in a random order.</summary>
internal static class ColorJitter
{
    /// <summary>Takes the four steps; one that is off does nothing.</summary>
    public static PixelImage Apply(PixelImage picture, ColorJitterConfig config, StableRandom random)
    {
        Func<PixelImage, PixelImage>[] steps =
        [
            Scaled(Colors.Brightness, config.Brightness),
            Scaled(Colors.Contrast, config.Contrast),
            Scaled(Colors.Saturation, config.Saturation),
            Step(Colors.Hue, -config.Hue, config.Hue),
        ];
        StableRandom.Shuffle(steps, random.Next());
        return steps.Aggregate(picture, (image, step) => step(image));

        Func<PixelImage, PixelImage> Scaled(Func<PixelImage, double, PixelImage> change, double most) =>
            Step(change, Math.Max(0, 1 - most), 1 + most);

        // Drawn whether the step is off or not, so that one setting does not move the draws of the others.
        Func<PixelImage, PixelImage> Step(Func<PixelImage, double, PixelImage> change, double from, double to) => image =>
        {
            var by = AreaDraw.Uniform(random, from, to);
            return from == to ? image : change(image, by);
        };
    }
}
