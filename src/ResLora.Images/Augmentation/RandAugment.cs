using ResLora.Formats;

namespace ResLora.Images.Augmentation;

/// <summary>Steps drawn from a list, all of one strength.</summary>
internal static class RandAugment
{
    /// <summary>The strongest step.</summary>
    public const int StrongestMagnitude = 30;

    private const double MostShear = 0.3;
    private const double MostTranslation = 150.0 / 331;
    private const double MostDegrees = 30;
    private const double MostFactor = 0.9;
    private const int MostBits = 4;
    private const int Brightest = 255;

    // The strength is 0 to 1; a step that has a direction is given it with the sign.
    private static readonly Func<PixelImage, double, double, PixelImage>[] _steps =
    [
        (picture, _, _) => picture,
        (picture, strength, sign) => Warps.Affine(picture, 1, sign * MostShear * strength, 0, 0, 1, 0),
        (picture, strength, sign) => Warps.Affine(picture, 1, 0, 0, sign * MostShear * strength, 1, 0),
        (picture, strength, sign) => Warps.Affine(picture, 1, 0, -Pixels(sign * strength, picture.Width), 0, 1, 0),
        (picture, strength, sign) => Warps.Affine(picture, 1, 0, 0, 0, 1, -Pixels(sign * strength, picture.Height)),
        (picture, strength, sign) => Warps.Rotated(picture, sign * MostDegrees * strength),
        (picture, strength, sign) => Colors.Brightness(picture, 1 + (sign * MostFactor * strength)),
        (picture, strength, sign) => Colors.Saturation(picture, 1 + (sign * MostFactor * strength)),
        (picture, strength, sign) => Colors.Contrast(picture, 1 + (sign * MostFactor * strength)),
        (picture, strength, sign) => Colors.Sharpness(picture, 1 + (sign * MostFactor * strength)),
        (picture, strength, _) => Colors.Posterize(picture, 8 - (int)Math.Round(strength * MostBits, MidpointRounding.ToEven)),
        (picture, strength, _) => Colors.Solarize(picture, Brightest * (1 - strength)),
        (picture, _, _) => Colors.AutoContrast(picture),
        (picture, _, _) => Colors.Equalize(picture),
    ];

    /// <summary>Takes the steps, with repetition; each always runs.</summary>
    public static PixelImage Apply(PixelImage picture, RandAugmentConfig config, StableRandom random)
    {
        for (var i = 0; i < config.Steps; i++)
        {
            var step = _steps[AreaDraw.Place(random, _steps.Length - 1)];
            var sign = random.NextDouble() < 0.5 ? -1 : 1;
            picture = step(picture, (double)config.Magnitude / StrongestMagnitude, sign);
        }

        return picture;
    }

    private static double Pixels(double strength, int side) => Math.Truncate(MostTranslation * side * strength);
}
