using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>
/// An open safetensors file, checked by every rule of the format before a tensor is read. The file is memory-mapped: a
/// 13 GB checkpoint costs address space and page cache, not heap.
/// </summary>
/// <remarks>
/// While it is open the file may be replaced by a rename, but must not be shortened in place: the system ends a process
/// that touches a mapped page behind the file's end.
/// </remarks>
public sealed class SafetensorsReader : IDisposable
{
    private readonly FileStream _file;
    private readonly FileMapping? _mapping;

    private SafetensorsReader(string path, SafetensorsHeader header, FileStream file, FileMapping? mapping)
    {
        Path = path;
        Header = header;
        _file = file;
        _mapping = mapping;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Tensors and metadata.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => Header.Entries;

    /// <summary>The header's free texts; empty when it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => Header.Metadata;

    /// <summary>Opens, checks and maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The reader; disposing it leaves the tensors read from it valid.</returns>
    /// <exception cref="FileFormatException">The file is missing, a pickle, or breaks a rule of the format.</exception>
    public static SafetensorsReader Open(string path)
    {
        PickleFiles.Refuse(path);
        var file = InputFile.OpenRead(path);
        FileMapping? mapping = null;
        try
        {
            var (header, raw) = SafetensorsHeaderReader.Read(file, path);
            var types = header.Entries.Values.Where(entry => entry.Length > 0).Select(StoredType).Distinct();
            mapping = FileMapping.TryOpen(path, file.Length, types);
            if (mapping?.StartsWith(raw) == false)
            {
                throw new FileFormatException($"'{path}' was replaced while it was opened; try again.");
            }

            return new SafetensorsReader(path, header, file, mapping);
        }
        catch
        {
            mapping?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads and checks the header alone: no mapping, no tensor, libtorch is not loaded.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Tensors and metadata.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Open"/>.</exception>
    public static SafetensorsHeader ReadHeader(string path)
    {
        PickleFiles.Refuse(path);
        using var file = InputFile.OpenRead(path);
        return SafetensorsHeaderReader.Read(file, path).Header;
    }

    /// <summary>
    /// A tensor of the file: a view of the mapped pages, or a copy where its data is not aligned to its elements, where it
    /// is BOOL, or where the system cannot map the file.
    /// </summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>
    /// A new handle in the entry's shape, the caller's. Treat it as read-only: a write never reaches the file, but other
    /// tensors read here under the same name would show it.
    /// </returns>
    /// <exception cref="FileFormatException">The file has no such tensor, or was cut short since it was opened.</exception>
    public Tensor Read(string name)
    {
        ObjectDisposedException.ThrowIf(_file.SafeFileHandle.IsClosed, this);
        if (!Entries.TryGetValue(name, out var entry))
        {
            throw new FileFormatException($"'{Path}' has no tensor '{name}'.{NearestName.Suggestion(name, Entries.Keys)}");
        }

        if (entry.DataType != ScalarType.Bool)
        {
            return ReadStored(entry);
        }

        // A bool that is neither 0 nor 1 is undefined behaviour in libtorch: never take one from a file as it is.
        using var bytes = ReadStored(entry);
        return bytes.ne(0);
    }

    /// <summary>Closes the file; tensors already read stay valid and keep their pages mapped.</summary>
    public void Dispose()
    {
        _mapping?.Dispose();
        _file.Dispose();
    }

    /// <summary>The type under which an entry's bytes are read.</summary>
    private static SafetensorsType StoredType(SafetensorsEntry entry) =>
        SafetensorsType.Find(entry.DataType == ScalarType.Bool ? ScalarType.Byte : entry.DataType)!;

    private Tensor ReadStored(SafetensorsEntry entry)
    {
        var type = StoredType(entry);
        long[] shape = [.. entry.Shape];
        if (_mapping is not null && entry.Length > 0 && entry.Offset % type.Width == 0)
        {
            return _mapping.View(type, entry.Offset, shape);
        }

        var copy = empty(shape, type.DataType, CPU);
        if (TensorBytes.TryFill(copy, _file.SafeFileHandle, entry.Offset))
        {
            return copy;
        }

        copy.Dispose();
        throw new FileFormatException($"'{Path}' ended within tensor '{entry.Name}': it was cut short after it was opened.");
    }
}
