using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Formats.Gguf;

/// <summary>
/// An open GGUF file (version 2 or 3, little endian), checked before a tensor is read: every count, length and offset against the
/// file's size, names, alignment and overlaps. Element types: F32, F16, BF16 and Q8_0.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly FileStream _file;
    private readonly Dictionary<string, object> _metadata;
    private readonly Dictionary<string, GgufEntry> _entries;

    private GgufFile(string path, FileStream file, GgufHeadParser head) =>
        (Path, _file, _metadata, _entries) = (path, file, head.Metadata, head.Entries);

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Keys and values: bool, string, number types, and arrays of numbers and strings (of bool as bytes).</summary>
    public IReadOnlyDictionary<string, object> Metadata => _metadata;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufEntry> Entries => _entries;

    /// <summary>Opens and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The file.</returns>
    /// <exception cref="FileFormatException">The file is missing or breaks a rule of the format.</exception>
    public static GgufFile Open(string path)
    {
        var file = InputFile.OpenRead(path);
        try
        {
            var head = new GgufHeadParser(new GgufCursor(file, path), file.Length);
            head.Parse();
            return new GgufFile(path, file, head);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A value that must be there, in exactly the type asked for, as llama.cpp asks.</summary>
    /// <typeparam name="T">uint, float, bool, string, or an array of string, float or int.</typeparam>
    /// <param name="key">The key.</param>
    /// <returns>The value.</returns>
    /// <exception cref="FileFormatException">The key is missing or has another type.</exception>
    public T Require<T>(string key) where T : notnull =>
        TryGet<T>(key, out var value) ? value : throw new FileFormatException(
            $"'{Path}' has no key '{key}'.{NearestName.Suggestion(key, _metadata.Keys)}");

    /// <summary>A value, in exactly the type asked for.</summary>
    /// <typeparam name="T">As for <see cref="Require"/>.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, when there is one.</param>
    /// <returns>Whether the key is there.</returns>
    /// <exception cref="FileFormatException">The key has another type.</exception>
    public bool TryGet<T>(string key, out T value) where T : notnull
    {
        value = default!;
        if (!_metadata.TryGetValue(key, out var found))
        {
            return false;
        }

        value = found is T fits
            ? fits
            : throw new FileFormatException($"'{Path}': the key '{key}' holds {found.GetType().Name}; {typeof(T).Name} is needed.");
        return true;
    }

    /// <summary>The entry of a tensor.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>Where it lies and what it is.</returns>
    /// <exception cref="FileFormatException">The file has no such tensor.</exception>
    public GgufEntry Entry(string name) =>
        _entries.TryGetValue(name, out var entry) ? entry : throw new FileFormatException(
            $"'{Path}' has no tensor '{name}'.{NearestName.Suggestion(name, _entries.Keys)}");

    /// <summary>Reads a part of a tensor's data, as it is stored.</summary>
    /// <param name="entry">The tensor.</param>
    /// <param name="start">Where to begin, in bytes from the start of its data.</param>
    /// <param name="bytes">Filled wholly.</param>
    /// <exception cref="FileFormatException">The file was cut short since it was opened.</exception>
    public void ReadData(GgufEntry entry, long start, Span<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(entry);
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

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
