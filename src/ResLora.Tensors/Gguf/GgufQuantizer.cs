using static TorchSharp.torch;

namespace ResLora.Tensors.Gguf;

/// <summary>
/// Q8_0: 32 numbers x of a row become a float16 scale d = max|x| / 127 and 32 bytes round(x / d), halves away from zero, as in ggml's
/// reference quantisation.
/// </summary>
internal static class GgufQuantizer
{
    /// <summary>Numbers of a block.</summary>
    public const int BlockLength = 32;

    /// <summary>Bytes of a block: the scale and a byte a number.</summary>
    public const int BlockBytes = 2 + BlockLength;

    private const long PieceBlocks = 64 * 1024;

    /// <summary>Quantises and writes a tensor.</summary>
    /// <param name="tensor">Float32, contiguous, on the CPU, its last size a multiple of 32; borrowed.</param>
    /// <param name="stream">Where the blocks go.</param>
    public static void Write(Tensor tensor, Stream stream)
    {
        using var blocks = tensor.view(-1, BlockLength);   // [..., 32 k] -> [N, 32]
        for (long start = 0; start < blocks.shape[0]; start += PieceBlocks)
        {
            WritePiece(blocks, start, Math.Min(PieceBlocks, blocks.shape[0] - start), stream);
        }
    }

    private static void WritePiece(Tensor blocks, long start, long count, Stream stream)
    {
        using var scope = NewDisposeScope();
        var values = blocks.narrow(0, start, count);                          // [N, 32]
        var scales = values.abs().amax([-1], keepdim: true) / 127;            // [N, 32] -> [N, 1]
        var inverse = where(scales > 0, scales.reciprocal(), zeros_like(scales));
        var scaled = values * inverse;
        var whole = scaled.trunc();
        var rounded = whole + scaled.sign() * (scaled - whole).abs().ge(0.5).to(float32);
        var quantized = rounded.to(int8).contiguous();
        var half = scales.to(float16).contiguous();
        var scaleBytes = half.bytes;
        var valueBytes = quantized.bytes;
        var output = new byte[count * BlockBytes];
        for (var i = 0; i < count; i++)
        {
            scaleBytes.Slice(2 * i, 2).CopyTo(output.AsSpan(i * BlockBytes));
            valueBytes.Slice(BlockLength * i, BlockLength).CopyTo(output.AsSpan(i * BlockBytes + 2));
        }

        stream.Write(output);
    }
}
