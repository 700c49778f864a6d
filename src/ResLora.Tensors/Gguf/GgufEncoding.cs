using ResLora.Formats.Gguf;
using static TorchSharp.torch;

namespace ResLora.Tensors.Gguf;

/// <summary>How the writer stores one tensor.</summary>
/// <param name="Code">The format's number of the element type.</param>
/// <param name="DataType">The dtype that the content is brought to before its bytes are written or quantised.</param>
/// <param name="Width">Bytes of a number of that dtype.</param>
/// <param name="IsBlocked">Whether the content is then quantised in blocks.</param>
internal sealed record GgufEncoding(uint Code, ScalarType DataType, int Width, bool IsBlocked)
{
    private static readonly GgufEncoding _float32 = new(0, ScalarType.Float32, 4, false);
    private static readonly GgufEncoding _float16 = new(1, ScalarType.Float16, 2, false);
    private static readonly GgufEncoding _quantized8 = new(8, ScalarType.Float32, 4, true);
    private static readonly GgufEncoding _bfloat16 = new(30, ScalarType.BFloat16, 2, false);

    /// <summary>The encoding of a tensor: what has one dimension (norms, biases) stays in float32, as llama.cpp wants it.</summary>
    public static GgufEncoding Of(GgufTensor tensor) => tensor.Type switch
    {
        _ when tensor.Shape.Count == 1 => _float32,
        GgufWeightType.F16 => _float16,
        GgufWeightType.BF16 => _bfloat16,
        GgufWeightType.Q8 => tensor.Shape[^1] % GgufQuantizer.BlockLength == 0 ? _quantized8 : _float16,
        _ => _float32,
    };

    /// <summary>The length of a tensor's data in bytes.</summary>
    public long Bytes(IReadOnlyList<long> shape)
    {
        var count = shape.Aggregate(1L, (product, size) => checked(product * size));
        return IsBlocked ? count / GgufQuantizer.BlockLength * GgufQuantizer.BlockBytes : count * Width;
    }
}
