using System.Buffers.Binary;
using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Readers;

/// <summary>
/// Looks through a Parquet file's metadata before the library reads it. The library is ended by a stack overflow where structures are
/// nested deep, loops without an end where counts are wrong, and unpacks whatever a page declares.
/// </summary>
internal static class ParquetGuard
{
    private const int TailBytes = 8;
    private const int MaxFooterBytes = 32 << 20;
    private const int MaxPageHeaderBytes = 1 << 20;
    private const int MaxSchemaDepth = 32;

    // What unpacks to far more than it is, and to much: text is packed to a tenth, seldom to a hundredth.
    private const long MaxUnpackedBytes = 256 << 20;
    private const long MaxUnpackedRatio = 200;

    /// <summary>Checks the footer.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="InvalidDataException">It is not Parquet, or its metadata cannot be read safely.</exception>
    public static void RequireFooter(Stream file)
    {
        var tail = new byte[TailBytes];
        if (file.Length < TailBytes + 4)
        {
            throw new InvalidDataException("it is too short");
        }

        Read(file, file.Length - TailBytes, tail);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (!tail.AsSpan(4).SequenceEqual("PAR1"u8) || length > file.Length - TailBytes - 4)
        {
            throw new InvalidDataException("it does not end in a Parquet footer");
        }

        if (length > MaxFooterBytes)
        {
            throw new InvalidDataException($"its metadata has {length} bytes, at most {MaxFooterBytes} are read");
        }

        var footer = new byte[length];
        Read(file, file.Length - TailBytes - length, footer);
        var children = Array.Empty<long>();
        new ThriftWalk(footer, (path, value) =>
        {
            // The schema is field 2, a list of elements whose field 5 is the number of children.
            if (path is [2])
            {
                children = new long[value];
            }
            else if (path is [2, var element, 5])
            {
                children[element] = value;
            }
        }).Structure();
        RequireTree(children);
    }

    /// <summary>Checks the pages of a column.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">Where its first page is.</param>
    /// <param name="values">How many values the column declares.</param>
    /// <returns>The bytes that the pages take, and those that they unpack to.</returns>
    /// <exception cref="InvalidDataException">Its pages do not hold what it declares.</exception>
    public static (long Packed, long Unpacked) RequirePages(Stream file, long start, long values)
    {
        var (found, packed, unpacked) = (0L, 0L, 0L);
        for (var at = start; found < values;)
        {
            var page = Header(file, at);
            at += page.HeaderBytes + page.Packed;
            if (page.Values < 0 || page.Packed < 0 || page.Unpacked < 0 || at > file.Length)
            {
                throw new InvalidDataException("a page is larger than the file");
            }

            found += page.Values;
            packed += page.Packed;
            unpacked += page.Unpacked;
        }

        return found == values ? (packed, unpacked) : throw new InvalidDataException(
            $"a column declares {values} values, and its pages have {found}");
    }

    /// <summary>Refuses what unpacks to far more than it is.</summary>
    /// <param name="packed">The bytes that the pages take.</param>
    /// <param name="unpacked">Those that they unpack to.</param>
    /// <param name="where">The file and the row group, for the error.</param>
    /// <exception cref="FileFormatException">It does.</exception>
    public static void RequireHonestSize(long packed, long unpacked, string where)
    {
        if (unpacked > MaxUnpackedBytes && unpacked / MaxUnpackedRatio > packed)
        {
            throw new FileFormatException(
                $"{where}: {packed} bytes unpack to {unpacked}, which is not honest data; write it anew in smaller row groups if it is.");
        }
    }

    private static (int HeaderBytes, long Packed, long Unpacked, long Values) Header(Stream file, long at)
    {
        if (at < 0 || at >= file.Length)
        {
            throw new InvalidDataException("a column's pages end too early");
        }

        for (var size = 1 << 10; ; size *= 8)
        {
            var bytes = new byte[Math.Min(size, file.Length - at)];
            Read(file, at, bytes);
            var (packed, unpacked, values) = (0L, 0L, 0L);
            var walk = new ThriftWalk(bytes, (path, value) =>
            {
                switch (path)
                {
                    case [2]:
                        unpacked = value;
                        break;
                    case [3]:
                        packed = value;
                        break;
                    case [5, 1] or [8, 1]:
                        values = value;
                        break;
                    default:
                        break;
                }
            });
            try
            {
                walk.Structure();
                return (walk.Position, packed, unpacked, values);
            }
            catch (InvalidDataException) when (size < MaxPageHeaderBytes && bytes.Length == size)
            {
                // Perhaps the header is only longer than what was read.
            }
        }
    }

    // Every element says how many of those after it are its children.
    private static void RequireTree(long[] children)
    {
        var open = new Stack<long>([1]);
        foreach (var count in children)
        {
            while (open.TryPeek(out var left) && left == 0)
            {
                open.Pop();
            }

            if (open.Count is 0 or > MaxSchemaDepth || count < 0 || count > children.Length)
            {
                throw new InvalidDataException($"its schema is no tree of at most {MaxSchemaDepth} levels");
            }

            open.Push(open.Pop() - 1);
            open.Push(count);
        }

        if (children.Length == 0 || open.Any(left => left > 0))
        {
            throw new InvalidDataException("its schema has fewer elements than it declares");
        }
    }

    private static void Read(Stream file, long at, Span<byte> bytes)
    {
        file.Position = at;
        file.ReadExactly(bytes);
    }
}
