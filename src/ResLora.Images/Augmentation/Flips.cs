namespace ResLora.Images.Augmentation;

/// <summary>Pictures seen in a mirror.</summary>
internal static class Flips
{
    /// <summary>Left and right exchanged.</summary>
    public static PixelImage Horizontal(PixelImage picture) => Moved(picture, (x, y) => (picture.Width - 1 - x, y));

    /// <summary>Top and bottom exchanged.</summary>
    public static PixelImage Vertical(PixelImage picture) => Moved(picture, (x, y) => (x, picture.Height - 1 - y));

    private static PixelImage Moved(PixelImage picture, Func<int, int, (int X, int Y)> from)
    {
        var bytes = new byte[picture.Bytes.Length];
        for (var y = 0; y < picture.Height; y++)
        {
            for (var x = 0; x < picture.Width; x++)
            {
                var (fromX, fromY) = from(x, y);
                picture.Bytes.AsSpan(((fromY * picture.Width) + fromX) * PixelImage.Channels, PixelImage.Channels)
                    .CopyTo(bytes.AsSpan(((y * picture.Width) + x) * PixelImage.Channels));
            }
        }

        return new PixelImage(picture.Height, picture.Width, bytes);
    }
}
