using System.Buffers.Binary;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf;

/// <summary>
/// Reads and checks the head of a GGUF file: metadata and the directory of tensors. It has its own idea of the format, apart from the
/// writer's, so that reading back a written file is evidence.
/// </summary>
internal sealed class GgufHeadParser(GgufCursor cursor, long fileLength)
{
    private const string AlignmentKey = "general.alignment";
    private const int MaxKeyBytes = 65535;
    private const int MaxTextBytes = 64 * 1024 * 1024;
    private const int MaxTensorNameBytes = 64;
    private const int MostDimensions = 4;
    private const uint DefaultAlignment = 32;
    private const uint LargestAlignment = 1 << 20;

    /// <summary>Keys and values: bool, string, the number types, and arrays of these.</summary>
    public Dictionary<string, object> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>The tensors by name.</summary>
    public Dictionary<string, GgufEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads all of the head.</summary>
    /// <exception cref="FileFormatException">A rule of the format is broken.</exception>
    public void Parse()
    {
        var magic = new string([.. Enumerable.Range(0, 4).Select(_ => (char)cursor.UInt8("the magic"))]);
        if (magic != "GGUF")
        {
            throw cursor.Broken("it does not begin with the letters GGUF (is it another kind of file?)");
        }

        var version = cursor.UInt32("the version");
        if (BinaryPrimitives.ReverseEndianness(version) is 1 or 2 or 3)
        {
            throw cursor.Broken($"it has the version {version}: its numbers are big-endian, and only little endian is supported");
        }

        if (version is not (2 or 3))
        {
            throw cursor.Broken($"it has the version {version}; 2 and 3 in little endian are supported");
        }

        // A tensor takes 8 + 1 + 4 + 8 + 4 + 8 bytes at least, a key and its value 8 + 1 + 4 + 1.
        var tensorCount = cursor.Count("the number of tensors", leastBytes: 33);
        var keyCount = cursor.Count("the number of keys", leastBytes: 14);
        for (var i = 0; i < keyCount; i++)
        {
            ReadKey();
        }

        ReadDirectory(tensorCount);
    }

    private void ReadKey()
    {
        var key = cursor.Text("a key", MaxKeyBytes);
        if (key.Length == 0 || Metadata.ContainsKey(key))
        {
            throw cursor.Broken(key.Length == 0 ? "a key is empty" : $"the key '{key}' stands twice");
        }

        var kind = cursor.UInt32($"the type of '{key}'");
        Metadata.Add(key, kind == 9 ? ReadList(key) : ReadValue(key, kind));
    }

    private object ReadValue(string key, uint kind) => kind switch
    {
        0 => cursor.UInt8(key),
        1 => (sbyte)cursor.UInt8(key),
        2 => cursor.UInt16(key),
        3 => (short)cursor.UInt16(key),
        4 => cursor.UInt32(key),
        5 => (int)cursor.UInt32(key),
        6 => BitConverter.UInt32BitsToSingle(cursor.UInt32(key)),
        7 =>
            cursor.UInt8(key) switch
            {
                0 => false,
                1 => true,
                var other => throw cursor.Broken(
                    $"'{key}' is a yes or no and holds {other}")
            },
        8 => cursor.Text($"'{key}'", MaxTextBytes),
        10 => cursor.UInt64(key),
        11 => (long)cursor.UInt64(key),
        12 => BitConverter.UInt64BitsToDouble(cursor.UInt64(key)),
        _ => throw cursor.Broken($"'{key}' has a value of type {kind}, which does not exist"),
    };

    private Array ReadList(string key)
    {
        var kind = cursor.UInt32($"the type of the items of '{key}'");
        return kind switch
        {
            0 => List<byte>(1),
            1 => List<sbyte>(1),
            2 => List<ushort>(2),
            3 => List<short>(2),
            4 => List<uint>(4),
            5 => List<int>(4),
            6 => List<float>(4),
            7 => List<bool>(1),
            8 => List<string>(8),
            10 => List<ulong>(8),
            11 => List<long>(8),
            12 => List<double>(8),
            9 => throw cursor.Broken($"'{key}' is a list of lists, which is not supported"),
            _ => throw cursor.Broken($"'{key}' is a list of type {kind}, which does not exist"),
        };

        T[] List<T>(int leastBytes)
        {
            var items = new T[cursor.Count($"the number of items of '{key}'", leastBytes)];
            for (var i = 0; i < items.Length; i++)
            {
                items[i] = (T)ReadValue(key, kind);
            }

            return items;
        }
    }

    private void ReadDirectory(int count)
    {
        var alignment = Alignment();
        var found = new List<(GgufEntry Entry, ulong Offset)>(count);
        for (var i = 0; i < count; i++)
        {
            found.Add(ReadTensor(alignment));
        }

        // Data begins at the next multiple of the alignment behind the directory.
        var start = (cursor.Position + alignment - 1) / alignment * alignment;
        var room = fileLength - start;
        foreach (var (entry, offset) in found)
        {
            if (room < entry.Length || offset > (ulong)(room - entry.Length))
            {
                throw cursor.Broken($"tensor '{entry.Name}' needs {entry.Length} bytes at {offset}, and the data have {Math.Max(room, 0)} (is it cut short?)");
            }

            if (!Entries.TryAdd(entry.Name, entry with { Offset = start + (long)offset }))
            {
                throw cursor.Broken($"tensor '{entry.Name}' stands twice");
            }
        }

        RequireApart();
    }

    private long Alignment()
    {
        if (!Metadata.TryGetValue(AlignmentKey, out var value))
        {
            return DefaultAlignment;
        }

        return value is uint alignment && alignment is > 0 and <= LargestAlignment && (alignment & (alignment - 1)) == 0
            ? alignment
            : throw cursor.Broken($"'{AlignmentKey}' must be a UINT32 power of two up to {LargestAlignment}, found {value}");
    }

    private (GgufEntry Entry, ulong Offset) ReadTensor(long alignment)
    {
        var name = cursor.Text("the name of a tensor", MaxTensorNameBytes);
        var dimensions = cursor.UInt32($"the number of dimensions of '{name}'");
        if (name.Length == 0 || dimensions is 0 or > MostDimensions)
        {
            throw cursor.Broken(
                name.Length == 0
                    ? "a tensor has no name"
                    : $"tensor '{name}' has {dimensions} dimensions; 1 to {MostDimensions} are possible");
        }

        var shape = new long[dimensions];
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            var size = cursor.UInt64($"the shape of '{name}'");
            shape[i] = size is > 0 and <= long.MaxValue ? (long)size : throw cursor.Broken($"tensor '{name}' has a size of {size}");
        }

        var number = cursor.UInt32($"the type of '{name}'");
        var type = GgufStoredType.Find(number)
            ?? throw cursor.Broken($"tensor '{name}' has the element type {number}, which does not exist");
        var offset = cursor.UInt64($"the offset of '{name}'");
        return offset % (ulong)alignment == 0
            ? (new GgufEntry(name, shape, type.Name, 0, Length(name, shape, type)), offset)
            : throw cursor.Broken($"tensor '{name}' lies at {offset}, no multiple of the alignment {alignment}");
    }

    private long Length(string name, long[] shape, GgufStoredType type)
    {
        if (shape[^1] % type.GroupLength != 0)
        {
            throw cursor.Broken($"tensor '{name}' has rows of {shape[^1]} numbers; {type.Name} needs multiples of {type.GroupLength}");
        }

        try
        {
            var count = shape.Aggregate(1L, (product, size) => checked(product * size));
            return checked(count / type.GroupLength * type.GroupBytes);
        }
        catch (OverflowException error)
        {
            throw cursor.Broken($"tensor '{name}' has more numbers than can be counted", error);
        }
    }

    private void RequireApart()
    {
        var end = 0L;
        var before = "";
        foreach (var entry in Entries.Values.OrderBy(entry => entry.Offset))
        {
            if (entry.Offset < end)
            {
                throw cursor.Broken($"tensors '{before}' and '{entry.Name}' overlap");
            }

            (end, before) = (entry.Offset + entry.Length, entry.Name);
        }
    }
}
