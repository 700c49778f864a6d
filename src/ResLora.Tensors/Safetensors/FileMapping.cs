using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>
/// A file as tensors over its pages: costs page cache, not heap. TorchSharp cannot view bytes as another element type, so
/// the file is mapped once per type; all mappings show the same pages. They are private: a write stays in this process.
/// </summary>
internal sealed class FileMapping : IDisposable
{
    private readonly Dictionary<ScalarType, Tensor> _whole = [];

    private FileMapping()
    {
    }

    /// <summary>Maps a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="types">The element types that will be asked for.</param>
    /// <returns>The mapping, or null when the system refuses, as it may for a file larger than its memory.</returns>
    public static FileMapping? TryOpen(string path, long length, IEnumerable<SafetensorsType> types)
    {
        var mapping = new FileMapping();
        try
        {
            foreach (var type in types)
            {
                var whole = from_file(path, shared: false, size: length / type.Width, dtype: type.DataType, device: CPU);
                mapping._whole.Add(type.DataType, whole.DetachFromDisposeScope());
            }

            return mapping;
        }
        catch (ExternalException)
        {
            mapping.Dispose();
            return null;
        }
    }

    /// <summary>Whether every mapping starts with these bytes, up to the last whole element.</summary>
    public bool StartsWith(ReadOnlySpan<byte> bytes)
    {
        foreach (var whole in _whole.Values)
        {
            using var start = whole.narrow(0, 0, bytes.Length / whole.ElementSize);
            var found = start.bytes;
            if (!found.SequenceEqual(bytes[..found.Length]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A tensor over the file's pages; it keeps them mapped as long as it lives.</summary>
    /// <param name="type">One of the types that the mapping was opened with.</param>
    /// <param name="offset">Where the data begins, in bytes; a multiple of the element's width.</param>
    /// <param name="shape">The tensor's sizes, not zero.</param>
    public Tensor View(SafetensorsType type, long offset, long[] shape)
    {
        using var flat = _whole[type.DataType].narrow(0, offset / type.Width, shape.Aggregate(1L, (count, size) => count * size));
        return flat.view(shape);
    }

    /// <summary>Lets go of the mappings; tensors already handed out stay valid.</summary>
    public void Dispose()
    {
        foreach (var whole in _whole.Values)
        {
            whole.Dispose();
        }
    }
}
