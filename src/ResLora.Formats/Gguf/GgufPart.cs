using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Formats.Gguf;

/// <summary>One GGUF file, open, with its head read and checked.</summary>
internal sealed class GgufPart : IDisposable
{
    private readonly FileStream _file;

    private GgufPart(string path, FileStream file, GgufHeadParser head) =>
        (Path, _file, Metadata, Entries) = (path, file, head.Metadata, head.Entries);

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Its own keys and values.</summary>
    public Dictionary<string, object> Metadata { get; }

    /// <summary>Its own tensors by name.</summary>
    public Dictionary<string, GgufEntry> Entries { get; }

    /// <summary>Opens a file and checks its head.</summary>
    /// <exception cref="FileFormatException">The file is missing or breaks a rule of the format.</exception>
    public static GgufPart Open(string path)
    {
        var file = InputFile.OpenRead(path);
        try
        {
            var head = new GgufHeadParser(new GgufCursor(file, path), file.Length);
            head.Parse();
            return new GgufPart(path, file, head);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a part of a tensor's data, as it is stored.</summary>
    public void ReadData(GgufEntry entry, long start, Span<byte> bytes)
    {
        var offset = entry.Offset + start;
        while (!bytes.IsEmpty)
        {
            var count = RandomAccess.Read(_file.SafeFileHandle, bytes, offset);
            if (count == 0)
            {
                throw new FileFormatException($"'{Path}' ended within tensor '{entry.Name}': it was cut short after it was opened.");
            }

            bytes = bytes[count..];
            offset += count;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();
}
