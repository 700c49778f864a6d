namespace ResLora.Images.Augmentation;

/// <summary>Shears, moves and turns: the nearest pixel is taken, and what comes from outside is black.</summary>
internal static class Warps
{
    /// <summary>Each pixel comes from a · (x + ½) + b · (y + ½) + c, and d, e, f likewise, rounded down. Pillow reckons in
    /// fixed point, so that at ties it may take the pixel beside.</summary>
    public static PixelImage Affine(PixelImage picture, double a, double b, double c, double d, double e, double f)
    {
        const double middle = 0.5;
        var bytes = new byte[picture.Bytes.Length];
        for (var y = 0; y < picture.Height; y++)
        {
            for (var x = 0; x < picture.Width; x++)
            {
                var fromX = Math.Floor((a * (x + middle)) + (b * (y + middle)) + c);
                var fromY = Math.Floor((d * (x + middle)) + (e * (y + middle)) + f);
                if (fromX >= 0 && fromX < picture.Width && fromY >= 0 && fromY < picture.Height)
                {
                    picture.Bytes.AsSpan((((int)fromY * picture.Width) + (int)fromX) * PixelImage.Channels, PixelImage.Channels)
                        .CopyTo(bytes.AsSpan(((y * picture.Width) + x) * PixelImage.Channels));
                }
            }
        }

        return new PixelImage(picture.Height, picture.Width, bytes);
    }

    /// <summary>Turns a picture around its middle, against the clock.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="degrees">By how much.</param>
    public static PixelImage Rotated(PixelImage picture, double degrees)
    {
        var (sin, cos) = Math.SinCos(-degrees * Math.PI / 180);
        var (x, y) = (picture.Width / 2.0, picture.Height / 2.0);
        return Affine(picture, cos, sin, x - (cos * x) - (sin * y), -sin, cos, y + (sin * x) - (cos * y));
    }
}
