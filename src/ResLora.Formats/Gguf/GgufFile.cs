using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf;

/// <summary>
/// An open GGUF file (version 2 or 3, little endian), or all files of a model in several, checked before a tensor is read: every count,
/// length and offset against the file's size, names, alignment and overlaps.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly IReadOnlyList<GgufPart> _parts;
    private readonly Dictionary<string, GgufEntry> _entries;

    private GgufFile(IReadOnlyList<GgufPart> parts, Dictionary<string, GgufEntry> entries) => (_parts, _entries) = (parts, entries);

    /// <summary>The file, as it was given; the first of several.</summary>
    public string Path => _parts[0].Path;

    /// <summary>All files of the model, in order.</summary>
    public IReadOnlyList<string> Files => [.. _parts.Select(part => part.Path)];

    /// <summary>Keys and values of the (first) file: bool, string, number types, and arrays of these.</summary>
    public IReadOnlyDictionary<string, object> Metadata => _parts[0].Metadata;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufEntry> Entries => _entries;

    /// <summary>Opens and checks a file, and the others of its model.</summary>
    /// <param name="path">The file; of several, the first.</param>
    /// <returns>The file.</returns>
    /// <exception cref="FileFormatException">A file is missing or breaks a rule of the format, or the files are not of one
    /// model.</exception>
    public static GgufFile Open(string path)
    {
        var first = GgufPart.Open(path);
        IReadOnlyList<GgufPart> parts = [first];
        try
        {
            parts = GgufSplit.Open(first);
            return new GgufFile(parts, Join(parts));
        }
        catch
        {
            Close(parts);
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
            $"'{Path}' has no key '{key}'.{NearestName.Suggestion(key, Metadata.Keys)}");

    /// <summary>A value, in exactly the type asked for.</summary>
    /// <typeparam name="T">As for <see cref="Require"/>.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, when there is one.</param>
    /// <returns>Whether the key is there.</returns>
    /// <exception cref="FileFormatException">The key has another type.</exception>
    public bool TryGet<T>(string key, out T value) where T : notnull
    {
        value = default!;
        if (!Metadata.TryGetValue(key, out var found))
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
        _parts[entry.Part].ReadData(entry, start, bytes);
    }

    /// <summary>Closes the files.</summary>
    public void Dispose() => Close(_parts);

    private static Dictionary<string, GgufEntry> Join(IReadOnlyList<GgufPart> parts)
    {
        var entries = new Dictionary<string, GgufEntry>(StringComparer.Ordinal);
        for (var number = 0; number < parts.Count; number++)
        {
            foreach (var entry in parts[number].Entries.Values)
            {
                if (!entries.TryAdd(entry.Name, entry with { Part = number }))
                {
                    throw new FileFormatException(
                        $"Tensor '{entry.Name}' is in '{parts[number].Path}' and in '{parts[entries[entry.Name].Part].Path}', and must be in one.");
                }
            }
        }

        return entries;
    }

    private static void Close(IReadOnlyList<GgufPart> parts)
    {
        foreach (var part in parts)
        {
            part.Dispose();
        }
    }
}
