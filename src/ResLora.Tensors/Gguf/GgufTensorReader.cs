using System.Runtime.InteropServices;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using static TorchSharp.torch;

namespace ResLora.Tensors.Gguf;

/// <summary>Reads the tensors of an open GGUF file; they stay valid when it is closed.</summary>
public static class GgufTensorReader
{
    private const long PieceBytes = 8 * 1024 * 1024;

    /// <summary>A tensor of the file.</summary>
    /// <param name="file">The file, open.</param>
    /// <param name="name">The tensor's name.</param>
    /// <returns>A new tensor in the entry's shape, the caller's: float32, float16 or bfloat16 as stored, Q8_0 as float32.</returns>
    /// <exception cref="FileFormatException">The file has no such tensor, or was cut short since it was opened.</exception>
    public static Tensor Read(this GgufFile file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        var entry = file.Entry(name);
        var type = GgufStoredType.Named(entry.TypeName);
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

    private static ScalarType DataType(GgufStoredType type) => type.Name switch
    {
        "F16" => ScalarType.Float16,
        "BF16" => ScalarType.BFloat16,
        "F32" or "Q8_0" => ScalarType.Float32,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type.Name, "No dtype is known for this type."),
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
            if (type.GroupLength > 1)
            {
                Dequantize(stored, MemoryMarshal.Cast<byte, float>(piece.bytes), type);
            }
            else
            {
                stored.CopyTo(piece.bytes);
            }
        }
    }

    /// <summary>x = d · q for each block of a float16 scale d and signed bytes q.</summary>
    private static void Dequantize(ReadOnlySpan<byte> stored, Span<float> numbers, GgufStoredType type)
    {
        while (!stored.IsEmpty)
        {
            var scale = (float)BitConverter.ToHalf(stored);
            var values = MemoryMarshal.Cast<byte, sbyte>(stored[2..type.GroupBytes]);
            for (var i = 0; i < values.Length; i++)
            {
                numbers[i] = scale * values[i];
            }

            stored = stored[type.GroupBytes..];
            numbers = numbers[type.GroupLength..];
        }
    }
}
