using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using ResLora.Images;
using SkiaSharp;

namespace ResLora.Tests.Images;

/// <summary>Small pictures, and files of them: PNG byte by byte, other formats by Skia.</summary>
internal static class TinyPictures
{
    public const int Gray = 0;
    public const int Rgb = 2;
    public const int Rgba = 6;

    /// <summary>A picture without two pixels alike: red counts columns, green rows, blue both.</summary>
    public static PixelImage Ramp(int height, int width)
    {
        var bytes = new byte[height * width * 3];
        for (var i = 0; i < height * width; i++)
        {
            var (y, x) = (i / width, i % width);
            (bytes[3 * i], bytes[(3 * i) + 1], bytes[(3 * i) + 2]) = ((byte)(x * 9), (byte)(y * 7), (byte)((5 * x) + (11 * y)));
        }

        return new PixelImage(height, width, bytes);
    }

    /// <summary>A picture of random bytes.</summary>
    public static PixelImage Noise(int height, int width, int seed = 1)
    {
        var bytes = new byte[height * width * 3];
        new Random(seed).NextBytes(bytes);
        return new PixelImage(height, width, bytes);
    }

    /// <summary>A PNG file of a picture.</summary>
    public static byte[] Png(PixelImage picture, params (string Type, byte[] Data)[] chunks) =>
        Png(picture.Width, picture.Height, 8, Rgb, picture.Bytes, chunks);

    /// <summary>A PNG file of samples as PNG stores them, with further chunks before the data.</summary>
    public static byte[] Png(int width, int height, byte bits, byte colour, byte[] samples, params (string Type, byte[] Data)[] chunks)
    {
        var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (bits, colour);
        Chunk(file, "IHDR", header);
        foreach (var (type, data) in chunks)
        {
            Chunk(file, type, data);
        }

        Chunk(file, "IDAT", Packed(samples, height));
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>The content of an eXIf chunk with an orientation.</summary>
    public static byte[] Exif(ushort orientation, bool isLittle = true)
    {
        byte[] big = [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, (byte)(orientation >> 8), (byte)orientation, 0, 0, 0, 0, 0, 0];
        byte[] little = [(byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, (byte)orientation, (byte)(orientation >> 8), 0, 0, 0, 0, 0, 0];
        return isLittle ? little : big;
    }

    /// <summary>A file by Skia.</summary>
    public static byte[] Encoded(PixelImage picture, SKEncodedImageFormat format, int quality = 100)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var i = 0; i < picture.Width * picture.Height; i++)
        {
            bitmap.SetPixel(
                i % picture.Width,
                i / picture.Width,
                new SKColor(picture.Bytes[3 * i], picture.Bytes[(3 * i) + 1], picture.Bytes[(3 * i) + 2]));
        }

        using var data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    /// <summary>A BMP file of 24 bits, rows from the bottom.</summary>
    public static byte[] Bmp(PixelImage picture)
    {
        var stride = ((picture.Width * 3) + 3) / 4 * 4;
        var file = new byte[54 + (stride * picture.Height)];
        "BM"u8.CopyTo(file);
        int[] header = [file.Length, 0, 54, 40, picture.Width, picture.Height, 1 | (24 << 16)];
        for (var i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2 + (4 * i)), header[i]);
        }

        for (var y = 0; y < picture.Height; y++)
        {
            for (var x = 0; x < picture.Width; x++)
            {
                var (from, to) = (((y * picture.Width) + x) * 3, 54 + ((picture.Height - 1 - y) * stride) + (3 * x));
                (file[to], file[to + 1], file[to + 2]) = (picture.Bytes[from + 2], picture.Bytes[from + 1], picture.Bytes[from]);
            }
        }

        return file;
    }

    private static byte[] Packed(byte[] samples, int height)
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var row in height == 0 || samples.Length == 0 ? [] : samples.Chunk(samples.Length / height))
            {
                zlib.WriteByte(0);   // no filter
                zlib.Write(row);
            }
        }

        return packed.ToArray();
    }

    private static void Chunk(MemoryStream file, string type, byte[] data)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(type), .. data];
        var number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(named);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(named));
        file.Write(number);
    }

    // PNG specification, annex D.
    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : 0xEDB88320 ^ (crc >> 1);
            }
        }

        return ~crc;
    }
}
