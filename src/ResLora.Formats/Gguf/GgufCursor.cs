using System.Buffers.Binary;
using System.Text;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf;

/// <summary>Reads the head of a GGUF file value by value; no length is believed that the file has no room for.</summary>
internal sealed class GgufCursor
{
    // The largest published vocabularies need about 20 MB; a head beyond this would fill memory for nothing.
    private const long MaxHeadBytes = 512L * 1024 * 1024;
    private const int BufferBytes = 1 << 16;

    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly FileStream _file;
    private readonly string _path;
    private readonly long _end;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _next;
    private int _filled;

    public GgufCursor(FileStream file, string path)
    {
        _file = file;
        _path = path;
        _end = Math.Min(file.Length, MaxHeadBytes);
    }

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes that may still be read.</summary>
    public long Room => _end - Position;

    public byte UInt8(string what) => Take(1, what)[0];

    public ushort UInt16(string what) => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, what));

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A count of things of which each takes at least some bytes: bounded by the room before anything is allocated.</summary>
    public int Count(string what, int leastBytes)
    {
        var count = UInt64(what);
        return count <= (ulong)Math.Min(Room / leastBytes, int.MaxValue)
            ? (int)count
            : throw Broken($"{what} is {count}, more than the {Room} bytes that are left can hold");
    }

    /// <summary>A text with its length in front.</summary>
    public string Text(string what, int maxBytes)
    {
        var length = UInt64($"the length of {what}");
        if (length > (ulong)Math.Min(Room, maxBytes))
        {
            throw Broken($"{what} is said to take {length} bytes; at most {Math.Min(Room, maxBytes)} are possible here");
        }

        try
        {
            return _strictUtf8.GetString(Take((int)length, what));
        }
        catch (DecoderFallbackException error)
        {
            throw Broken($"{what} is not valid UTF-8", error);
        }
    }

    /// <summary>The one form of message for a broken file.</summary>
    public FileFormatException Broken(string problem, Exception? inner = null) => new($"GGUF file '{_path}' is broken: {problem}.", inner);

    private byte[] Take(int count, string what)
    {
        if (count > Room)
        {
            throw Broken($"it ends within {what}, at byte {Position}");
        }

        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            if (_next == _filled)
            {
                (_next, _filled) = (0, _file.Read(_buffer));
                if (_filled == 0)
                {
                    throw Broken("it became shorter while it was read");
                }
            }

            var part = Math.Min(count - done, _filled - _next);
            _buffer.AsSpan(_next, part).CopyTo(bytes.AsSpan(done));
            (_next, done) = (_next + part, done + part);
        }

        Position += count;
        return bytes;
    }
}
