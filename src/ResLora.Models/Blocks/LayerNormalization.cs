using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>Layer normalisation: y = w ⊙ (x − mean(x)) / √(var(x) + ε) + b over the last dimension.</summary>
/// <param name="size">D, the width of the last dimension.</param>
/// <param name="epsilon">ε, added to the variance.</param>
/// <remarks>Ba et al., arXiv:1607.06450, equation 4.</remarks>
internal sealed class LayerNormalization(long size, double epsilon) : AffineNormalization(nameof(LayerNormalization), size)
{
    private readonly long[] _shape = [size];

    /// <inheritdoc />
    public override Tensor forward(Tensor input) =>
        nn.functional.layer_norm(input, _shape, Weight, Bias, epsilon);   // [..., D] -> [..., D]
}
