using ResLora.Formats;
using ResLora.Images.Preprocessing;

namespace ResLora.Images.Augmentation;

/// <summary>A random part of a picture, resized.</summary>
internal static class RandomResizedCrop
{
    /// <summary>
    /// Up to ten rectangles are drawn; the first that fits is taken, at a random place. Else it is the middle, cut to the nearer bound of
    /// the proportions.
    /// </summary>
    public static PixelImage Apply(
        PixelImage picture, RandomResizedCropConfig config, (int Height, int Width) size, Resampling resampling, StableRandom random)
    {
        var (top, left, height, width) = Box(picture, config, random);
        return PillowResize.Resize(picture.Cut(top, left, height, width), size.Height, size.Width, resampling);
    }

    private static (int Top, int Left, int Height, int Width) Box(PixelImage picture, RandomResizedCropConfig config, StableRandom random)
    {
        for (var i = 0; i < AreaDraw.Tries; i++)
        {
            var (width, height) = AreaDraw.Draw(
                random, (long)picture.Height * picture.Width, (config.MinScale, config.MaxScale), (config.MinRatio, config.MaxRatio));
            if (width >= 1 && height >= 1 && width <= picture.Width && height <= picture.Height)
            {
                return (AreaDraw.Place(random, picture.Height - height), AreaDraw.Place(random, picture.Width - width), height, width);
            }
        }

        var ratio = (double)picture.Width / picture.Height;
        var cutHeight = ratio < config.MinRatio ? (int)Math.Round(picture.Width / config.MinRatio) : picture.Height;
        var cutWidth = ratio > config.MaxRatio ? (int)Math.Round(picture.Height * config.MaxRatio) : picture.Width;
        (cutHeight, cutWidth) = (Math.Clamp(cutHeight, 1, picture.Height), Math.Clamp(cutWidth, 1, picture.Width));
        return ((picture.Height - cutHeight) / 2, (picture.Width - cutWidth) / 2, cutHeight, cutWidth);
    }
}
