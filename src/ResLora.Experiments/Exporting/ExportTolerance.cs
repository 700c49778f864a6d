using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting;

/// <summary>
/// How far an export may be from what was exported. A stored number may differ by what rounding to its type explains and no more,
/// element by element; a logit by what was seen to come of that in models, times a margin.
/// </summary>
internal static class ExportTolerance
{
    // W + s B A is added up in another order than it was written in: float32 keeps 24 bits, of the largest element.
    private const double Reordering = 1e-6;
    private const double HalfStepOfF16 = 1.0 / (1 << 11);
    private const double HalfStepOfBF16 = 1.0 / (1 << 8);
    // Below 2^-14 float16 has steps of 2^-24.
    private const double HalfSmallestF16 = 1.0 / (1 << 25);
    // Half a step, and up to 127 steps times the rounding of their factor to float16.
    private const double HalfStepOfQ8 = (0.5 + (127 * HalfStepOfF16)) / 127;
    private const int Q8Block = 32;
    // Keeps the tolerance of a tensor of zeros, as new biases are, above 0 in float32.
    private const double SmallestNormal = 1.17549435e-38;

    /// <summary>The largest difference of a logit, as a share of the largest logit (or of 1 when that is smaller).</summary>
    /// <remarks>
    /// Measured on models of 0.3, 0.6 and 10 million parameters, on 16 texts each: at most 5e-7 (f32), 8e-4 (f16), 1.2e-2 (bf16, of a
    /// float32 model) and 1.7e-2 (q8_0). Four times that or more is allowed, since roundings add up in deeper models.
    /// </remarks>
    public static double OfLogits(ExportType type) => type switch
    {
        ExportType.F32 => 1e-4,
        ExportType.F16 => 5e-3,
        ExportType.BF16 => 5e-2,
        _ => 1e-1,
    };

    /// <summary>The largest difference that each stored number may have.</summary>
    /// <param name="expected">The number in float32.</param>
    /// <param name="type">How the export stores it.</param>
    /// <returns>New tensor of the same shape, all above 0.</returns>
    public static Tensor OfWeights(Tensor expected, ExportType type)
    {
        using var scope = NewDisposeScope();
        var size = expected.abs();
        var rounding = type switch
        {
            ExportType.F32 => zeros_like(size),
            ExportType.F16 => (size * HalfStepOfF16) + HalfSmallestF16,
            ExportType.BF16 => size * HalfStepOfBF16,
            _ when size.dim() < 2 => zeros_like(size),
            // Rows that do not divide into blocks are stored as float16 or better.
            _ when size.shape[^1] % Q8Block != 0 => (size * HalfStepOfF16) + HalfSmallestF16,
            _ => BlockSize(size) * HalfStepOfQ8,
        };
        return (rounding + (size.max() * Reordering) + SmallestNormal).MoveToOuterDisposeScope();
    }

    /// <summary>The largest element of each element's block.</summary>
    private static Tensor BlockSize(Tensor size)
    {
        var blocks = size.reshape([.. size.shape[..^1], size.shape[^1] / Q8Block, Q8Block]);   // [O, I] -> [O, I/32, 32]
        return blocks.amax([-1], keepdim: true).expand_as(blocks).reshape(size.shape);          // [O, I/32, 32] -> [O, I]
    }
}
