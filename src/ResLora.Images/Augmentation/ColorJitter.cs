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
            image => Colors.Brightness(image, Factor(config.Brightness)),
            image => Colors.Contrast(image, Factor(config.Contrast)),
            image => Colors.Saturation(image, Factor(config.Saturation)),
            image => Colors.Hue(image, AreaDraw.Uniform(random, -config.Hue, config.Hue)),
        ];
        StableRandom.Shuffle(steps, random.Next());
        return steps.Aggregate(picture, (image, step) => step(image));

        double Factor(double most) => AreaDraw.Uniform(random, Math.Max(0, 1 - most), 1 + most);
    }
}
