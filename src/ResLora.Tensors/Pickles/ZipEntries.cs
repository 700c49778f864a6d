using System.Buffers.Binary;
using System.Text;
using ResLora.Formats.Errors;

namespace ResLora.Tensors.Pickles;

/// <summary>Where the files of a zip archive lie that stores them as they are, as torch.save writes it; archives of up to 2⁶³
/// bytes.</summary>
/// <remarks>PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16 and 4.5.3.</remarks>
internal static class ZipEntries
{
    private const int EndBytes = 22;
    private const int LongestComment = 65_535;
    private const int MostEntries = 200_000;
    private const int MostDirectoryBytes = 64 * 1024 * 1024;
    private const uint EndMark = 0x06054B50;
    private const uint LongEndMark = 0x06064B50;
    private const uint LongEndLocatorMark = 0x07064B50;
    private const uint DirectoryMark = 0x02014B50;
    private const uint LocalMark = 0x04034B50;

    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the directory of an archive and checks it against its bounds.</summary>
    /// <param name="file">The open file, borrowed.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <returns>Offset and length of the content of each file, by name.</returns>
    /// <exception cref="FileFormatException">The archive breaks the format, or compresses.</exception>
    public static IReadOnlyDictionary<string, (long Offset, long Length)> Read(FileStream file, string path)
    {
        var bytes = new Source(file, path);
        var (count, size, start, end) = End(bytes);
        if (count is < 0 or > MostEntries || size is < 0 or > MostDirectoryBytes || start < 0 || start > end - size)
        {
            throw bytes.Broken($"its directory of {count} entries and {size} bytes at {start} does not fit (at most {MostEntries} entries, {MostDirectoryBytes} bytes)");
        }

        var directory = bytes.Read(start, (int)size);
        var entries = new Dictionary<string, (long, long)>(StringComparer.Ordinal);
        var at = 0;
        for (var i = 0L; i < count; i++)
        {
            var entry = directory.AsSpan(at);
            if (entry.Length < 46 || Number32(entry, 0) != DirectoryMark)
            {
                throw bytes.Broken($"entry {i} of its directory is broken");
            }

            var (nameLength, extraLength, commentLength) = (Number16(entry, 28), Number16(entry, 30), Number16(entry, 32));
            var whole = 46 + nameLength + extraLength + commentLength;
            if (entry.Length < whole)
            {
                throw bytes.Broken($"entry {i} of its directory is cut short");
            }

            var name = Name(bytes, entry.Slice(46, nameLength));
            if (Number16(entry, 10) != 0 || (Number16(entry, 8) & 1) != 0)
            {
                throw bytes.Broken($"'{Shown.Of(name)}' in it is compressed or encrypted; torch.save stores files as they are");
            }

            var (packed, length, local) = Sizes(bytes, entry, entry.Slice(46 + nameLength, extraLength));
            if (packed != length || !entries.TryAdd(name, (Content(bytes, local, length, start, name), length)))
            {
                throw bytes.Broken($"'{Shown.Of(name)}' is in it twice, or with two lengths");
            }

            at += whole;
        }

        return entries;
    }

    private static (long Count, long Size, long Start, long End) End(Source bytes)
    {
        var tail = (int)Math.Min(bytes.Length, EndBytes + LongestComment);
        var start = bytes.Length - tail;
        var last = bytes.Read(start, tail);
        for (var i = tail - EndBytes; i >= 0; i--)
        {
            var end = last.AsSpan(i);
            if (Number32(end, 0) != EndMark || Number16(end, 20) != end.Length - EndBytes)
            {
                continue;
            }

            var (count, size, offset, place) = (Number16(end, 10), Number32(end, 12), Number32(end, 16), start + i);
            return count == 0xFFFF || size == uint.MaxValue || offset == uint.MaxValue ? LongEnd(bytes, place) : (
                count, size, offset, place);
        }

        throw bytes.Broken("it has no directory at its end: it is cut short, or older than PyTorch 1.6");
    }

    private static (long Count, long Size, long Start, long End) LongEnd(Source bytes, long place)
    {
        var locator = bytes.Read(place - 20, 20);
        var at = (long)Number64(locator, 8);
        if (Number32(locator, 0) != LongEndLocatorMark || at < 0 || at > place - 20 - 56)
        {
            throw bytes.Broken("the end of its directory is broken");
        }

        var end = bytes.Read(at, 56);
        return Number32(end, 0) == LongEndMark
            ? ((long)Number64(end, 32), (long)Number64(end, 40), (long)Number64(end, 48), at)
            : throw bytes.Broken("the end of its directory is broken");
    }

    /// <summary>Sizes and place that do not fit into 32 bits are in an extra field, in this order.</summary>
    private static (long Packed, long Length, long Local) Sizes(Source bytes, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra)
    {
        Span<long> values = [Number32(entry, 24), Number32(entry, 20), Number32(entry, 42)];   // length, packed length, place
        if (!values.Contains(uint.MaxValue))
        {
            return (values[1], values[0], values[2]);
        }

        while (extra.Length >= 4)
        {
            var (kind, size) = (Number16(extra, 0), Number16(extra, 2));
            extra = extra[4..];
            if (size > extra.Length)
            {
                break;
            }

            if (kind != 1)
            {
                extra = extra[size..];
                continue;
            }

            var field = extra[..size];
            foreach (ref var value in values)
            {
                if (value != uint.MaxValue)
                {
                    continue;
                }

                if (field.Length < 8)
                {
                    throw bytes.Broken("an entry of its directory lacks its length");
                }

                value = (long)Number64(field, 0);
                field = field[8..];
            }

            return (values[1], values[0], values[2]);
        }

        throw bytes.Broken("an entry of its directory lacks its length");
    }

    /// <summary>Where the content begins: behind a header whose own name and extra field may be longer than the directory's.</summary>
    private static long Content(Source bytes, long local, long length, long directory, string name)
    {
        if (local < 0 || local > directory - 30)
        {
            throw bytes.Broken($"'{Shown.Of(name)}' lies outside of it");
        }

        var header = bytes.Read(local, 30);
        var content = local + 30 + Number16(header, 26) + Number16(header, 28);
        return Number32(header, 0) == LocalMark && length >= 0 && content <= directory - length
            ? content
            : throw bytes.Broken($"'{Shown.Of(name)}' with {length} bytes lies outside of it, or its header is broken");
    }

    private static string Name(Source bytes, ReadOnlySpan<byte> name)
    {
        try
        {
            return _utf8.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            throw bytes.Broken("a name in its directory is not in UTF-8");
        }
    }

    private static int Number16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint Number32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong Number64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private sealed class Source(FileStream file, string path)
    {
        public long Length { get; } = file.Length;

        public byte[] Read(long offset, int count)
        {
            if (offset < 0 || offset > Length - count)
            {
                throw Broken("it is cut short");
            }

            var bytes = new byte[count];
            var done = 0;
            while (done < count)
            {
                var more = RandomAccess.Read(file.SafeFileHandle, bytes.AsSpan(done), offset + done);
                done += more > 0 ? more : throw Broken("it is cut short");
            }

            return bytes;
        }

        public FileFormatException Broken(string what) => new($"'{path}' is no file that torch.save wrote: {what}.");
    }
}
