namespace ResLora.Text.Data.Readers;

/// <summary>
/// Walks over a structure in Thrift's compact protocol, in which Parquet writes its metadata, before the library reads it: the library
/// recurses as deep as the bytes ask for and believes every count.
/// </summary>
/// <param name="bytes">The structure, with whatever follows it.</param>
/// <param name="found">
/// Is told every whole number and the length of every list: the numbers of the fields and the places in lists that lead to it, and its
/// value.
/// </param>
internal ref struct ThriftWalk(ReadOnlySpan<byte> bytes, Action<ReadOnlySpan<int>, long> found)
{
    // An honest footer is 6 deep.
    private const int MaxDepth = 24;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly int[] _path = new int[MaxDepth];

    /// <summary>How many bytes were walked over.</summary>
    public int Position { get; private set; }

    /// <summary>Walks over one structure.</summary>
    /// <exception cref="InvalidDataException">It is deeper than metadata is, longer than its bytes, or has a type that metadata has
    /// not.</exception>
    public void Structure() => Structure(0);

    private void Structure(int depth)
    {
        if (depth == MaxDepth)
        {
            throw new InvalidDataException($"its metadata is nested deeper than {MaxDepth}");
        }

        var field = 0;
        for (var header = Byte(); header != 0; header = Byte())
        {
            field = header >> 4 == 0 ? (short)Whole() : field + (header >> 4);
            _path[depth] = field;
            Value((ThriftType)(header & 0xF), depth, isElement: false);
        }
    }

    private void Value(ThriftType type, int depth, bool isElement)
    {
        switch (type)
        {
            case ThriftType.True or ThriftType.False when !isElement:
                break;
            case ThriftType.Byte:
                Skip(1);
                break;
            case ThriftType.Int16 or ThriftType.Int32 or ThriftType.Int64:
                found(_path.AsSpan(0, depth + 1), Whole());
                break;
            case ThriftType.Double:
                Skip(sizeof(double));
                break;
            case ThriftType.Binary:
                Skip(Varint());
                break;
            case ThriftType.List:
                List(depth);
                break;
            case ThriftType.Structure:
                Structure(depth + 1);
                break;
            default:
                throw new InvalidDataException($"its metadata holds a value of type {type}, which Parquet's does not");
        }
    }

    private void List(int depth)
    {
        var header = Byte();
        var count = (header >> 4) == 0xF ? Varint() : (ulong)(header >> 4);
        // Every element has a byte at least.
        if (count > (ulong)(_bytes.Length - Position))
        {
            throw new InvalidDataException($"its metadata declares a list of {count} elements, more than it has bytes");
        }

        if (depth + 1 == MaxDepth)
        {
            throw new InvalidDataException($"its metadata is nested deeper than {MaxDepth}");
        }

        found(_path.AsSpan(0, depth + 1), (long)count);
        for (var i = 0; i < (int)count; i++)
        {
            _path[depth + 1] = i;
            Value((ThriftType)(header & 0xF), depth + 1, isElement: true);
        }
    }

    private long Whole()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("its metadata holds a number without an end");
    }

    private byte Byte()
    {
        if (Position == _bytes.Length)
        {
            throw new InvalidDataException("its metadata ends too early");
        }

        return _bytes[Position++];
    }

    private void Skip(ulong count)
    {
        if (count > (ulong)(_bytes.Length - Position))
        {
            throw new InvalidDataException("its metadata ends too early");
        }

        Position += (int)count;
    }

    /// <summary>The types of the compact protocol.</summary>
    private enum ThriftType
    {
        True = 1,
        False = 2,
        Byte = 3,
        Int16 = 4,
        Int32 = 5,
        Int64 = 6,
        Double = 7,
        Binary = 8,
        List = 9,
        Structure = 12,
    }
}
