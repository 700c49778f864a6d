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
    public static PixelImage Apply(PixelImage picture, int height, int width) =>
        picture.Cut(Start(picture.Height, height), Start(picture.Width, width), height, width);

    // Rounded down, below 0 too.
    private static int Start(int length, int cut) => (int)Math.Floor((length - cut) / 2.0);
}
