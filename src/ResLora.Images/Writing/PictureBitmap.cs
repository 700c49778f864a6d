using SkiaSharp;

namespace ResLora.Images.Writing;

/// <summary>Pictures as SkiaSharp draws them.</summary>
public static class PictureBitmap
{
    private const int NumbersOfAPixel = 4;

    /// <summary>A copy of a picture.</summary>
    /// <param name="picture">The picture.</param>
    /// <returns>The bitmap, owned by the caller.</returns>
    public static SKBitmap Of(PixelImage picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var pixels = bitmap.GetPixelSpan();
        for (var (from, to) = (0, 0); from < picture.Bytes.Length; from += PixelImage.Channels, to += NumbersOfAPixel)
        {
            picture.Bytes.AsSpan(from, PixelImage.Channels).CopyTo(pixels[to..]);
            pixels[to + NumbersOfAPixel - 1] = byte.MaxValue;
        }

        return bitmap;
    }
}
