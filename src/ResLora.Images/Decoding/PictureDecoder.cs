using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using SkiaSharp;

namespace ResLora.Images.Decoding;

/// <summary>
/// Decodes PNG, JPEG, WebP, GIF and BMP into bytes as Pillow does: colour profiles and gamma are not applied, 16 bits are read by their
/// high byte, an animation is its first picture. EXIF's orientation is applied, and transparency goes over white. The content decides what
/// a file is, not its extension.
/// </summary>
public static class PictureDecoder
{
    /// <summary>The largest picture, in pixels: Pillow's limit, above which it takes a file for an attack. As RGB 537 MB.</summary>
    public const long MaxPixels = 178_956_970;

    /// <summary>The largest file, in bytes.</summary>
    public const long MaxFileBytes = 512L * 1024 * 1024;

    private const int White = 255;
    private const int RgbaBytes = 4;

    /// <summary>Decodes a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The picture, upright.</returns>
    /// <exception cref="FileFormatException">The file is missing, no picture, damaged, cut off or too large.</exception>
    public static PixelImage Decode(string path) => Decode(InputFile.ReadBytes(path, MaxFileBytes), $"'{path}'");

    /// <summary>Decodes the bytes of a file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <returns>The picture, upright.</returns>
    /// <exception cref="FileFormatException">It is no picture, damaged, cut off or too large.</exception>
    public static PixelImage Decode(ReadOnlySpan<byte> bytes, string name)
    {
        var format = PictureContent.Of(bytes, name);
        using var data = SKData.CreateCopy(bytes);
        using var codec = SKCodec.Create(data) ?? throw new FileFormatException(
            $"{name} is a damaged {format} file: its header cannot be read.");
        var (height, width) = (codec.Info.Height, codec.Info.Width);
        if ((long)height * width > MaxPixels)
        {
            throw new FileFormatException($"{name} declares {width} x {height} pixels, at most {MaxPixels} are unpacked; make it smaller.");
        }

        // In the codec's own colour space nothing is converted; unpremultiplied, nothing is lost where a pixel is clear.
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul, codec.Info.ColorSpace);
        var result = codec.GetPixels(info, out var rgba);
        if (result != SKCodecResult.Success)
        {
            throw new FileFormatException($"{name} is a damaged {format} file: {Reason(result)}.");
        }

        var orientation = format == PictureFormat.Png ? PngExif.Orientation(bytes) : (int)codec.EncodedOrigin;
        return Orientation.Apply(new PixelImage(height, width, OverWhite(rgba)), orientation);
    }

    // out = (a · c + (255 - a) · 255) / 255, rounded
    private static byte[] OverWhite(byte[] rgba)
    {
        var rgb = new byte[rgba.Length / RgbaBytes * PixelImage.Channels];
        for (var (from, to) = (0, 0); to < rgb.Length; from += RgbaBytes, to += PixelImage.Channels)
        {
            var alpha = rgba[from + 3];
            for (var channel = 0; channel < PixelImage.Channels; channel++)
            {
                var value = rgba[from + channel];
                rgb[to + channel] = alpha == White ? value : (byte)(((alpha * value) + ((White - alpha) * White) + (White / 2)) / White);
            }
        }

        return rgb;
    }

    private static string Reason(SKCodecResult result) => result switch
    {
        SKCodecResult.IncompleteInput => "its end is missing",
        SKCodecResult.ErrorInInput => "its data are wrong, perhaps by a fault in copying",
        SKCodecResult.Unimplemented => "it uses what the decoder does not know",
        _ => $"the decoder says {result}",
    };
}
