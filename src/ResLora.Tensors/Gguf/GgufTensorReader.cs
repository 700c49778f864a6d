using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
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
        var pieces = (flat.NumberOfElements + perPiece - 1) / perPiece;
        var firstBroken = long.MaxValue;
        void FillPiece(long number)
        {
            var start = number * perPiece;
            using var piece = flat.narrow(0, start, Math.Min(perPiece, flat.NumberOfElements - start));
            if (FirstBroken(piece, file, entry, type, start / type.GroupLength * type.GroupBytes) is { } block)
            {
                InterlockedMinimum(ref firstBroken, (start / type.GroupLength) + block);
            }
        }

        InTurns(pieces, FillPiece);
        if (firstBroken < long.MaxValue)
        {
            throw new FileFormatException($"'{file.Path}': a scale of tensor '{entry.Name}' is no finite number "
                + $"(its block {firstBroken}); the file is damaged, or was made from damaged weights.");
        }
    }

    // As many threads as libtorch was given: unpacking, and the first touch of the memory, take most of the time of opening a model.
    private static void InTurns(long count, Action<long> fill)
    {
        if (count == 1)
        {
            fill(0);
            return;
        }

        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() }, fill);
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
        }
    }

    private static void InterlockedMinimum(ref long least, long value)
    {
        for (var seen = Interlocked.Read(ref least); value < seen;)
        {
            seen = Interlocked.CompareExchange(ref least, value, seen);
        }
    }

    /// <summary>Reads and unpacks a piece of a tensor; the first of its blocks whose scale is no finite number, or null.</summary>
    private static long? FirstBroken(Tensor piece, GgufFile file, GgufEntry entry, GgufStoredType type, long offset)
    {
        var length = (int)(piece.NumberOfElements / type.GroupLength * type.GroupBytes);
        if (type.Unpack is not { } unpack)
        {
            file.ReadData(entry, offset, piece.bytes);
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            file.ReadData(entry, offset, buffer.AsSpan(0, length));
            return FirstBroken(buffer.AsSpan(0, length), MemoryMarshal.Cast<byte, float>(piece.bytes), type, unpack);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
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
