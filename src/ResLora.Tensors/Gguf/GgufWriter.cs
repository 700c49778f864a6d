using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Gguf;
using static TorchSharp.torch;

namespace ResLora.Tensors.Gguf;

/// <summary>
/// Writes GGUF files, version 3, as llama.cpp and what is built on it read them: little endian, data aligned to 32 bytes.
/// </summary>
public static class GgufWriter
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const uint Version = 3;
    private const long Alignment = 32;
    private const int MaxNameBytes = 63; // ggml keeps 64, the last for a zero
    private const int MaxDimensions = 4;

    /// <summary>Writes metadata and tensors, one tensor at a time, through an <see cref="AtomicFile"/>.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="metadata">Keys and values.</param>
    /// <param name="tensors">The tensors, in the order of the file.</param>
    /// <exception cref="ConfigException">A name is given twice or is too long, a shape does not suit the format, or the disk
    /// refuses.</exception>
    /// <exception cref="ShapeException">A tensor's content has another shape than was announced.</exception>
    public static void Write(string path, GgufMetadata metadata, IReadOnlyList<GgufTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        Check(path, tensors);
        AtomicFile.Write(path, stream =>
        {
            GgufMetadata.WriteUInt32(stream, Magic);
            GgufMetadata.WriteUInt32(stream, Version);
            GgufMetadata.WriteUInt64(stream, (ulong)tensors.Count);
            GgufMetadata.WriteUInt64(stream, (ulong)metadata.Count);
            metadata.WriteTo(stream);
            WriteDirectory(stream, tensors);
            Pad(stream);
            foreach (var tensor in tensors)
            {
                WriteContent(stream, tensor);
                Pad(stream);
            }
        });
    }

    private static void Check(string path, IReadOnlyList<GgufTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ConfigException($"'{path}' cannot be written: the tensor name '{tensor.Name}' is given twice.");
            }

            if (Encoding.UTF8.GetByteCount(tensor.Name) > MaxNameBytes)
            {
                throw new ConfigException(
                    $"'{path}' cannot be written: GGUF allows names of {MaxNameBytes} bytes, and '{tensor.Name}' is longer.");
            }

            if (tensor.Shape.Count is 0 or > MaxDimensions || tensor.Shape.Any(size => size < 1))
            {
                throw new ConfigException($"'{path}' cannot be written: tensor '{tensor.Name}' is {Shapes.Text([.. tensor.Shape])}; "
                    + $"GGUF has 1 to {MaxDimensions} dimensions of at least 1.");
            }
        }
    }

    private static void WriteDirectory(Stream stream, IReadOnlyList<GgufTensor> tensors)
    {
        long offset = 0;
        foreach (var tensor in tensors)
        {
            GgufMetadata.WriteText(stream, tensor.Name);
            GgufMetadata.WriteUInt32(stream, (uint)tensor.Shape.Count);
            foreach (var size in tensor.Shape.Reverse()) // the dimension that varies fastest comes first
            {
                GgufMetadata.WriteUInt64(stream, (ulong)size);
            }

            var encoding = GgufEncoding.Of(tensor);
            GgufMetadata.WriteUInt32(stream, encoding.Code);
            GgufMetadata.WriteUInt64(stream, (ulong)offset);
            offset += Aligned(encoding.Bytes(tensor.Shape));
        }
    }

    private static void WriteContent(Stream stream, GgufTensor tensor)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var content = tensor.Content();
        Shapes.Require(content, tensor.Name, [.. tensor.Shape]);
        var encoding = GgufEncoding.Of(tensor);
        var stored = content.detach().cpu().to(encoding.DataType).contiguous();
        if (encoding.IsBlocked)
        {
            GgufQuantizer.Write(stored, stream);
        }
        else
        {
            TensorBytes.Write(stored, stream);
        }

        content.Dispose();
    }

    private static long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Pad(Stream stream)
    {
        Span<byte> zeros = stackalloc byte[(int)Alignment];
        zeros.Clear();
        stream.Write(zeros[..(int)(Aligned(stream.Position) - stream.Position)]);
    }
}
