using System.Buffers.Binary;
using ResLora.Formats.Errors;

namespace ResLora.Tensors.Safetensors;

/// <summary>Reads the start of a safetensors file: 8 bytes of length (little endian), then as many bytes of JSON.</summary>
internal static class SafetensorsHeaderReader
{
    /// <summary>Bytes before the JSON.</summary>
    public const int PrefixBytes = 8;

    /// <summary>The bound of the format's reference implementation, in bytes.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    /// <summary>Reads and checks the header of an open file.</summary>
    /// <returns>The header and the bytes it was read from, prefix included.</returns>
    /// <exception cref="FileFormatException">A rule of the format is broken.</exception>
    public static (SafetensorsHeader Header, byte[] Raw) Read(FileStream stream, string path)
    {
        var fileLength = stream.Length;
        if (fileLength < PrefixBytes)
        {
            throw Broken(path, $"it has {fileLength} bytes, and the header's length alone takes {PrefixBytes}");
        }

        var headerLength = HeaderLength(stream, path);
        var room = fileLength - PrefixBytes;
        if (headerLength > (ulong)Math.Min(room, MaxHeaderBytes))
        {
            throw Broken(path, $"its first {PrefixBytes} bytes give a header of {headerLength} bytes, but at most "
                + $"{Math.Min(room, MaxHeaderBytes)} are possible here (is it cut short, or another kind of file?)");
        }

        var raw = new byte[PrefixBytes + (int)headerLength];
        ReadFully(stream, raw, path);
        var parser = new SafetensorsHeaderParser(path, raw.Length, fileLength - raw.Length);
        return (parser.Parse(raw.AsSpan(PrefixBytes)), raw);
    }

    /// <summary>The one form of message for a broken file.</summary>
    public static FileFormatException Broken(string path, string what, Exception? inner = null) =>
        new($"Safetensors file '{path}' is broken: {what}.", inner);

    private static ulong HeaderLength(FileStream stream, string path)
    {
        var prefix = new byte[PrefixBytes];
        ReadFully(stream, prefix, path);
        return BinaryPrimitives.ReadUInt64LittleEndian(prefix);
    }

    private static void ReadFully(FileStream stream, byte[] buffer, string path)
    {
        stream.Position = 0;
        if (stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
        {
            throw Broken(path, "it became shorter while it was read");
        }
    }
}
