namespace ResLora.Images.Decoding;

/// <summary>Turns a picture upright, by the eight ways of EXIF (tag 0x0112).</summary>
internal static class Orientation
{
    /// <summary>The value of a picture that is upright as it is stored.</summary>
    public const int Upright = 1;

    /// <summary>Left and right exchanged.</summary>
    public const int LeftRight = 2;

    /// <summary>Top and bottom exchanged.</summary>
    public const int TopBottom = 4;

    /// <summary>Turns a picture.</summary>
    /// <param name="picture">The picture as stored.</param>
    /// <param name="orientation">1 to 8; anything else counts as 1.</param>
    /// <returns>The picture as it is meant to be seen; the same one where there is nothing to turn.</returns>
    public static PixelImage Apply(PixelImage picture, int orientation)
    {
        if (orientation is <= Upright or > 8)
        {
            return picture;
        }

        var turns = orientation >= 5;   // rows become columns
        var (height, width) = turns ? (picture.Width, picture.Height) : (picture.Height, picture.Width);
        var bytes = new byte[picture.Bytes.Length];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (fromY, fromX) = orientation switch
                {
                    LeftRight => (y, width - 1 - x),
                    3 => (height - 1 - y, width - 1 - x),
                    TopBottom => (height - 1 - y, x),
                    5 => (x, y),
                    6 => (width - 1 - x, y),
                    7 => (width - 1 - x, height - 1 - y),
                    _ => (x, height - 1 - y),
                };
                var from = ((fromY * picture.Width) + fromX) * PixelImage.Channels;
                picture.Bytes.AsSpan(from, PixelImage.Channels).CopyTo(bytes.AsSpan(((y * width) + x) * PixelImage.Channels));
            }
        }

        return new PixelImage(height, width, bytes);
    }
}
