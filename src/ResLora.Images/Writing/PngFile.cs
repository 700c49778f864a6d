using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using ResLora.Formats.Files;
using SkiaSharp;

namespace ResLora.Images.Writing;

/// <summary>Writes pictures as PNG, with texts inside.</summary>
public static class PngFile
{
    // The signature, then the first chunk: IHDR with its length, name, 13 bytes and checksum. Texts may stand right behind it.
    private const int HeaderBytes = 8 + 4 + 4 + 13 + 4;
    private const int ChecksumBytes = 4;
    private const char LastOfLatin1 = 'ÿ';

    /// <summary>Writes a file, aside and then into place.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="texts">Texts by key, such as <c>parameters</c>; keys are of 1 to 79 Latin letters.</param>
    /// <exception cref="Formats.Errors.ConfigException">The disk refuses.</exception>
    public static void Write(string path, PixelImage picture, IReadOnlyDictionary<string, string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var plain = Encode(picture);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(plain.AsSpan(0, HeaderBytes));
            foreach (var (key, text) in texts)
            {
                stream.Write(Chunk(key, text));
            }

            stream.Write(plain.AsSpan(HeaderBytes));
        });
    }

    private static byte[] Encode(PixelImage picture)
    {
        using var bitmap = PictureBitmap.Of(picture);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>tEXt for Latin-1, iTXt in UTF-8 for the rest.</summary>
    /// <remarks>PNG specification, third edition, 11.3.3.</remarks>
    private static byte[] Chunk(string key, string text)
    {
        var isLatin = text.All(letter => letter <= LastOfLatin1);
        byte[] content = isLatin
            ? [.. Encoding.Latin1.GetBytes(key), 0, .. Encoding.Latin1.GetBytes(text)]
            // not compressed, no language, no translated key
            : [.. Encoding.Latin1.GetBytes(key), 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(text)];
        byte[] named = [.. Encoding.ASCII.GetBytes(isLatin ? "tEXt" : "iTXt"), .. content];
        var chunk = new byte[sizeof(int) + named.Length + ChecksumBytes];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        named.CopyTo(chunk, sizeof(int));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(sizeof(int) + named.Length), Crc32.HashToUInt32(named));
        return chunk;
    }
}
