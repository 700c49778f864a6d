using ResLora.Formats;

namespace ResLora.Images.Augmentation;

/// <summary>Moves a picture at random.</summary>
internal static class RandomCrop
{
    /// <summary>As if a part of the picture's own size were cut out of it with a black border: every place is equally likely.</summary>
    public static PixelImage Apply(PixelImage picture, RandomCropConfig config, StableRandom random)
    {
        var (top, left) = (AreaDraw.Place(random, 2 * config.Padding), AreaDraw.Place(random, 2 * config.Padding));
        return picture.Cut(top - config.Padding, left - config.Padding, picture.Height, picture.Width);
    }
}
