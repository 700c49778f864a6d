using System.Buffers.Binary;

namespace ResLora.Images.Decoding;

/// <summary>Reads the orientation in a PNG file's eXIf chunk, which Skia does not look at.</summary>
internal static class PngExif
{
    private const int SignatureBytes = 8;
    private const int ChunkFrameBytes = 12;   // length, type and check sum
    private const int EntryBytes = 12;
    private const ushort OrientationTag = 0x0112;
    private const ushort ShortType = 3;

    /// <summary>The orientation.</summary>
    /// <param name="png">The file; where its chunks are broken, the decoder says so.</param>
    /// <returns>1 to 8; 1 where the file says nothing that can be read.</returns>
    public static int Orientation(ReadOnlySpan<byte> png)
    {
        for (var rest = png[Math.Min(SignatureBytes, png.Length)..]; rest.Length >= ChunkFrameBytes;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > (uint)(rest.Length - ChunkFrameBytes))
            {
                break;
            }

            if (rest.Slice(4, 4).SequenceEqual("eXIf"u8))
            {
                return OfTiff(rest.Slice(8, (int)length));
            }

            rest = rest[((int)length + ChunkFrameBytes)..];
        }

        return Decoding.Orientation.Upright;
    }

    // EXIF is a TIFF header and a directory of entries: tag, type, count, value.
    private static int OfTiff(ReadOnlySpan<byte> tiff)
    {
        var isLittle = tiff.StartsWith("II"u8);
        if (tiff.Length < 8 || (!isLittle && !tiff.StartsWith("MM"u8)) || Short(tiff[2..], isLittle) != 42)
        {
            return Decoding.Orientation.Upright;
        }

        var start = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (start > (uint)(tiff.Length - 2))
        {
            return Decoding.Orientation.Upright;
        }

        var entries = tiff[(int)start..];
        var count = Short(entries, isLittle);
        for (var i = 0; i < count && 2 + ((i + 1) * EntryBytes) <= entries.Length; i++)
        {
            var entry = entries.Slice(2 + (i * EntryBytes), EntryBytes);
            if (Short(entry, isLittle) == OrientationTag && Short(entry[2..], isLittle) == ShortType)
            {
                return Short(entry[8..], isLittle) is >= 1 and <= 8 and var value ? value : Decoding.Orientation.Upright;
            }
        }

        return Decoding.Orientation.Upright;
    }

    private static ushort Short(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
