using ResLora.Formats.Errors;

namespace ResLora.Images.Decoding;

/// <summary>Tells what a file is by its first bytes; the extension says nothing.</summary>
internal static class PictureContent
{
    private const int SniffedBytes = 256;

    /// <summary>The format.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <returns>The format.</returns>
    /// <exception cref="FileFormatException">It is none that is decoded: says what it seems to be.</exception>
    public static PictureFormat Of(ReadOnlySpan<byte> bytes, string name) => bytes switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => PictureFormat.Png,
        [0xFF, 0xD8, 0xFF, ..] => PictureFormat.Jpeg,
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => PictureFormat.WebP,
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => PictureFormat.Gif,
        [(byte)'B', (byte)'M', ..] => PictureFormat.Bmp,
        _ =>
            throw new FileFormatException(
                $"{name} is no picture that can be read: {Seems(bytes)}. Pictures are PNG, JPEG, WebP, GIF and BMP."),
    };

    private static string Seems(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return "it is empty";
        }

        if (bytes.StartsWith("version https://git-lfs"u8))
        {
            return "it is a pointer of Git LFS; fetch the file itself (git lfs pull)";
        }

        return bytes switch
        {
            [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => "it is a TIFF; save it as PNG",
            [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => "it is HEIF, AVIF or a film; save it as JPEG or PNG",
            [0xFF, 0x0A, ..] => "it is JPEG XL; save it as JPEG or PNG",
            [(byte)'8', (byte)'B', (byte)'P', (byte)'S', ..] => "it is Photoshop's; save it as PNG",
            [(byte)'%', (byte)'P', (byte)'D', (byte)'F', ..] => "it is a PDF",
            [(byte)'P', (byte)'K', 3, 4, ..] => "it is a zip archive; unpack it",
            _ when IsText(bytes[..Math.Min(bytes.Length, SniffedBytes)]) => "it is text, perhaps a web page saved under a picture's name",
            _ => "its first bytes are those of no format known here",
        };
    }

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (value < (byte)' ' && value is not ((byte)'\t' or (byte)'\n' or (byte)'\r'))
            {
                return false;
            }
        }

        return true;
    }
}
