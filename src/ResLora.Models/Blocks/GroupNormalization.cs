using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>Group normalisation: y = w ⊙ (x − mean(x)) / √(var(x) + ε) + b, mean and variance over each group of channels.</summary>
/// <param name="channels">C.</param>
/// <param name="groups">The groups that C falls into, of one size.</param>
/// <param name="epsilon">ε, added to the variance.</param>
/// <remarks>Wu and He, arXiv:1803.08494, equations 1 to 7.</remarks>
internal sealed class GroupNormalization(
    long channels, long groups, double epsilon) : AffineNormalization(nameof(GroupNormalization), channels)
{
    /// <inheritdoc />
    public override Tensor forward(Tensor input) =>
        nn.functional.group_norm(input, groups, Weight, Bias, epsilon);   // [B, C, ...] -> [B, C, ...]
}
