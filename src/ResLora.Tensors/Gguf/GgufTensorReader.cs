using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Formats.Gguf.Blocks;
using static TorchSharp.torch;

namespace ResLora.Tensors.Gguf;

/// <summary>Reads the tensors of an open GGUF file; they stay valid when it is closed.</summary>
public static class GgufTensorReader
{
    // Stays in the processor's second cache between the read and the unpacking.
    private const long PieceBytes = 256 * 1024;

    /// <summary>A tensor of the file.</summary>
    /// <param name="file">The file, open.</param>
    /// <param name="name">The tensor's name.</param>
    /// <returns>A new tensor in the entry's shape, the caller's: float32, float16 or bfloat16 as stored, blocks as float32.</returns>
    /// <exception cref="FileFormatException">The file has no such tensor, or was cut short since it was opened, or a scale is no finite
    /// number.</exception>
    /// <exception cref="ConfigException">The tensor's type can be listed only.</exception>
    public static Tensor Read(this GgufFile file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        var entry = file.Entry(name);
        var type = GgufStoredType.Named(entry.TypeName);
        if (!type.IsReadable)
        {
            throw new ConfigException($"'{file.Path}': the values of tensor '{name}' are {type.Name}, which is not supported; "
                + $"{GgufStoredType.ReadableNames} are.");
        }

        var tensor = empty([.. entry.Shape], DataType(type), CPU);
        try
        {
            using var flat = tensor.view(-1);   // [...] -> [N]
            Fill(flat, file, entry, type);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>The dtype that a stored type is read as.</summary>
    /// <param name="type">The type.</param>
    /// <returns>Float16 and bfloat16 for themselves, float32 for all others.</returns>
    internal static ScalarType DataType(GgufStoredType type) => type.Name switch
    {
        "F16" => ScalarType.Float16,
        "BF16" => ScalarType.BFloat16,
        _ => ScalarType.Float32,
    };

    private static void Fill(Tensor flat, GgufFile file, GgufEntry entry, GgufStoredType type)
    {
        var perPiece = PieceBytes / type.GroupBytes * type.GroupLength;
        var buffer = new byte[Math.Min(entry.Length, PieceBytes / type.GroupBytes * type.GroupBytes)];
        long read = 0;
        for (long start = 0; start < flat.NumberOfElements; start += perPiece)
        {
            using var piece = flat.narrow(0, start, Math.Min(perPiece, flat.NumberOfElements - start));
            var stored = buffer.AsSpan(0, (int)(piece.NumberOfElements / type.GroupLength * type.GroupBytes));
            file.ReadData(entry, read, stored);
            read += stored.Length;
            if (type.Unpack is not { } unpack)
            {
                stored.CopyTo(piece.bytes);
            }
            else if (FirstBroken(stored, MemoryMarshal.Cast<byte, float>(piece.bytes), type, unpack) is { } block)
            {
                throw new FileFormatException($"'{file.Path}': a scale of tensor '{entry.Name}' is no finite number "
                    + $"(its block {(start / type.GroupLength) + block}); the file is damaged, or was made from damaged weights.");
            }
        }
    }

    /// <summary>Unpacks block by block; the first whose scale is no finite number, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long? FirstBroken(ReadOnlySpan<byte> stored, Span<float> numbers, GgufStoredType type, BlockUnpacker unpack)
    {
        for (var block = 0; !stored.IsEmpty; block++)
        {
            if (!unpack(stored[..type.GroupBytes], numbers[..type.GroupLength]))
            {
                return block;
            }

            stored = stored[type.GroupBytes..];
            numbers = numbers[type.GroupLength..];
        }

        return null;
    }
}
