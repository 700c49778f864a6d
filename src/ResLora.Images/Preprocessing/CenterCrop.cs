namespace ResLora.Images.Preprocessing;

/// <summary>Cuts the middle out of a picture.</summary>
internal static class CenterCrop
{
    /// <summary>
    /// Cuts. What the picture is too small for becomes 0 (black), the larger half of an odd border at the top and the left, as in
    /// transformers' Pillow processors.
    /// </summary>
    /// <param name="picture">The picture.</param>
    /// <param name="height">The height to cut, in pixels.</param>
    /// <param name="width">The width to cut, in pixels.</param>
    /// <returns>The middle.</returns>
    public static PixelImage Apply(PixelImage picture, int height, int width)
    {
        if (picture.Height == height && picture.Width == width)
        {
            return picture;
        }

        var (top, left) = (Start(picture.Height, height), Start(picture.Width, width));
        var bytes = new byte[height * width * PixelImage.Channels];
        var (from, to) = (Math.Max(0, left), Math.Min(picture.Width, left + width));
        for (var y = Math.Max(0, -top); y < height && y + top < picture.Height; y++)
        {
            picture.Bytes.AsSpan((((y + top) * picture.Width) + from) * PixelImage.Channels, (to - from) * PixelImage.Channels)
                .CopyTo(bytes.AsSpan(((y * width) + from - left) * PixelImage.Channels));
        }

        return new PixelImage(height, width, bytes);
    }

    // Rounded down, below 0 too.
    private static int Start(int length, int cut) => (int)Math.Floor((length - cut) / 2.0);
}
