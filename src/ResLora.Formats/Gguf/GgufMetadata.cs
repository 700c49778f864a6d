using System.Buffers.Binary;
using System.Text;

namespace ResLora.Formats.Gguf;

/// <summary>
/// The keys and values of a GGUF file that is to be written, in order. Readers are strict about types: a count is a uint, a rate or
/// scale a float, and each overload writes exactly the type of its argument.
/// </summary>
public sealed class GgufMetadata
{
    // The format's numbers of value types.
    private const uint UInt32Code = 4;
    private const uint Int32Code = 5;
    private const uint Float32Code = 6;
    private const uint FlagCode = 7;
    private const uint TextCode = 8;
    private const uint ListCode = 9;

    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly List<Action<Stream>> _writes = [];

    /// <summary>The number of keys.</summary>
    public int Count => _keys.Count;

    /// <summary>Adds a number, written as UINT32.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public void Add(string key, uint value) => Add(key, UInt32Code, stream => WriteUInt32(stream, value));

    /// <summary>Adds a number, written as FLOAT32.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public void Add(string key, float value) => Add(key, Float32Code, stream => WriteFloat(stream, value));

    /// <summary>Adds a yes or no.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public void Add(string key, bool value) => Add(key, FlagCode, stream => stream.WriteByte(value ? (byte)1 : (byte)0));

    /// <summary>Adds a text.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public void Add(string key, string value) => Add(key, TextCode, stream => WriteText(stream, value));

    /// <summary>Adds a list of texts.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">The values.</param>
    public void Add(string key, IReadOnlyList<string> values) => AddList(key, TextCode, values, WriteText);

    /// <summary>Adds a list of numbers, written as FLOAT32.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">The values.</param>
    public void Add(string key, IReadOnlyList<float> values) => AddList(key, Float32Code, values, WriteFloat);

    /// <summary>Adds a list of numbers, written as INT32.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">The values.</param>
    public void Add(string key, IReadOnlyList<int> values) =>
        AddList(key, Int32Code, values, (stream, value) => WriteUInt32(stream, unchecked((uint)value)));

    /// <summary>Writes all keys and values.</summary>
    internal void WriteTo(Stream stream)
    {
        foreach (var write in _writes)
        {
            write(stream);
        }
    }

    internal static void WriteUInt32(Stream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    internal static void WriteUInt64(Stream stream, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    internal static void WriteText(Stream stream, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        WriteUInt64(stream, (ulong)utf8.Length);
        stream.Write(utf8);
    }

    private static void WriteFloat(Stream stream, float value) => WriteUInt32(stream, BitConverter.SingleToUInt32Bits(value));

    private void AddList<T>(string key, uint itemCode, IReadOnlyList<T> values, Action<Stream, T> write)
    {
        ArgumentNullException.ThrowIfNull(values);
        Add(key, ListCode, stream =>
        {
            WriteUInt32(stream, itemCode);
            WriteUInt64(stream, (ulong)values.Count);
            foreach (var value in values)
            {
                write(stream, value);
            }
        });
    }

    private void Add(string key, uint code, Action<Stream> write)
    {
        if (!_keys.Add(key))
        {
            throw new ArgumentException($"The key '{key}' is there already.", nameof(key));
        }

        _writes.Add(stream =>
        {
            WriteText(stream, key);
            WriteUInt32(stream, code);
            write(stream);
        });
    }
}
