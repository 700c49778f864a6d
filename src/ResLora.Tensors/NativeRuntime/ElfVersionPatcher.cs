using System.Buffers.Binary;
using System.Text;
using ResLora.Formats.Errors;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>
/// Marks one needed symbol version of a 64-bit little-endian ELF library as weak, so that the dynamic loader accepts a
/// host whose libraries do not define that version.
/// </summary>
/// <remarks>
/// The table of needed versions is found as the loader finds it (program headers, then the dynamic segment), because
/// section headers may be stripped. Layouts: System V gABI, "Program Header" and "Dynamic Section"; LSB, "Symbol
/// Versioning". Every offset is checked against the image, so a hostile file ends in an exception, never in a crash.
/// </remarks>
public static class ElfVersionPatcher
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int EntrySize = 16;  // of Elf64_Dyn, Elf64_Verneed and Elf64_Vernaux alike
    private const uint LoadSegment = 1;
    private const uint DynamicSegment = 2;
    private const ulong StringTableTag = 5;
    private const ulong StringTableSizeTag = 10;
    private const ulong NeededVersionsTag = 0x6ffffffe;
    private const ulong NeededVersionsCountTag = 0x6fffffff;
    private const ushort WeakFlag = 0x2;

    /// <summary>Sets the weak flag on every entry of the needed-version table that asks for <paramref name="version"/>.</summary>
    /// <param name="image">The whole library file; changed in place, two bytes per entry.</param>
    /// <param name="version">The version's name, for example <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>Whether any byte was changed; false when the library does not need the version or already needs it weakly.</returns>
    /// <exception cref="FileFormatException">The image is not a well-formed 64-bit little-endian ELF file.</exception>
    public static bool Weaken(Span<byte> image, string version)
    {
        ReadOnlySpan<byte> magic = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1];
        if (image.Length < HeaderSize || !image.StartsWith(magic))
        {
            throw new FileFormatException("The library is not a 64-bit little-endian ELF file.");
        }

        var segments = ReadSegments(image);
        var dynamic = ReadDynamic(image, segments);
        if (!dynamic.TryGetValue(NeededVersionsTag, out var table))
        {
            return false;
        }

        var count = dynamic.GetValueOrDefault(NeededVersionsCountTag);
        var strings = Slice(
            image, ToOffset(segments, dynamic.GetValueOrDefault(StringTableTag)),
            dynamic.GetValueOrDefault(StringTableSizeTag), "string table");
        return WeakenTable(image, ToOffset(segments, table), count, strings, Encoding.ASCII.GetBytes(version + '\0'));
    }

    private static bool WeakenTable(
        Span<byte> image, ulong offset, ulong count, ReadOnlySpan<byte> strings, ReadOnlySpan<byte> version)
    {
        var changed = false;
        var budget = image.Length / EntrySize;  // entries cannot overlap in a sane file: more of them means a trap
        for (var file = 0UL; file < count; file++)
        {
            var need = Slice(image, offset, EntrySize, "needed-version table");
            var aux = offset + BinaryPrimitives.ReadUInt32LittleEndian(need[8..]);
            var versions = BinaryPrimitives.ReadUInt16LittleEndian(need[2..]);
            for (var i = 0; i < versions; i++)
            {
                if (--budget < 0)
                {
                    throw new FileFormatException("The library's needed-version table has more entries than the file has room for.");
                }

                var entry = Slice(image, aux, EntrySize, "needed-version table");
                changed |= WeakenEntry(entry, strings, version);
                aux += BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]);
            }

            var next = BinaryPrimitives.ReadUInt32LittleEndian(need[12..]);
            if (next == 0)
            {
                break;
            }

            offset += next;
        }

        return changed;
    }

    private static bool WeakenEntry(Span<byte> entry, ReadOnlySpan<byte> strings, ReadOnlySpan<byte> version)
    {
        var name = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]);
        if (name >= strings.Length || !strings[(int)name..].StartsWith(version) || (flags & WeakFlag) != 0)
        {
            return false;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(entry[4..], (ushort)(flags | WeakFlag));
        return true;
    }

    private static List<Segment> ReadSegments(Span<byte> image)
    {
        var size = BinaryPrimitives.ReadUInt16LittleEndian(image[54..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(image[56..]);
        if (size != ProgramHeaderSize)
        {
            throw new FileFormatException($"The library's program headers have {size} bytes each where ELF64 has {ProgramHeaderSize}.");
        }

        var headers = Slice(
            image, BinaryPrimitives.ReadUInt64LittleEndian(image[32..]), (ulong)count * ProgramHeaderSize, "program headers");
        var segments = new List<Segment>(count);
        for (var i = 0; i < count; i++)
        {
            var header = headers.Slice(i * ProgramHeaderSize, ProgramHeaderSize);
            segments.Add(new Segment(
                BinaryPrimitives.ReadUInt32LittleEndian(header),
                BinaryPrimitives.ReadUInt64LittleEndian(header[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(header[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(header[32..])));
        }

        return segments;
    }

    private static Dictionary<ulong, ulong> ReadDynamic(Span<byte> image, List<Segment> segments)
    {
        var values = new Dictionary<ulong, ulong>();
        var segment = segments.Find(candidate => candidate.Type == DynamicSegment)
            ?? throw new FileFormatException("The library has no dynamic segment: it is not a shared object.");
        for (var entries = Slice(
            image, segment.Offset, segment.Size, "dynamic segment"); entries.Length >= EntrySize; entries = entries[EntrySize..])
        {
            var tag = BinaryPrimitives.ReadUInt64LittleEndian(entries);
            if (tag == 0)
            {
                break;
            }

            values[tag] = BinaryPrimitives.ReadUInt64LittleEndian(entries[8..]);
        }

        return values;
    }

    private static ulong ToOffset(List<Segment> segments, ulong address)
    {
        var segment = segments.Find(candidate =>
                candidate.Type == LoadSegment && address >= candidate.Address && address - candidate.Address < candidate.Size)
            ?? throw new FileFormatException($"The library's address 0x{address:x} lies in no loaded segment.");
        return unchecked(segment.Offset + (address - segment.Address));  // a wrap lands outside or inside: Slice decides
    }

    private static Span<byte> Slice(Span<byte> image, ulong offset, ulong length, string what)
    {
        var size = (ulong)image.Length;
        return offset <= size && length <= size - offset
            ? image.Slice((int)offset, (int)length)
            : throw new FileFormatException(
                $"The library's {what} (offset {offset}, {length} bytes) reaches beyond its {size} bytes: the file is truncated or damaged.");
    }

    private sealed record Segment(uint Type, ulong Offset, ulong Address, ulong Size);
}
