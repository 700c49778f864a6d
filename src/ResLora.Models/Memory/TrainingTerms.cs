namespace ResLora.Models.Memory;

/// <summary>What the memory of training depends on besides the network.</summary>
/// <param name="Width">w, bytes of one number of weights and activations.</param>
/// <param name="TrainsBase">Whether the network's own weights are trained, and not an adapter on it.</param>
/// <param name="FusedKernels">Whether the kernels of <c>ResLora.Models.Fused</c> are wanted, where they can be had.</param>
public readonly record struct TrainingTerms(int Width, bool TrainsBase, bool FusedKernels)
{
    /// <summary>The places of the largest sample: tokens, or the numbers of a channel of latents. Default 0.</summary>
    public long Places { get; init; }
}
