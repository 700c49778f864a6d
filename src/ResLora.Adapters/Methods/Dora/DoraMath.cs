using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Dora;

/// <summary>The equations of DoRA: the rows of W + s · B A keep their directions and get learnt lengths m.</summary>
/// <remarks>Liu et al., arXiv:2402.09353, equation 5. Shape letters: docs/method.md.</remarks>
public static class DoraMath
{
    /// <summary>g = m / c, with c the lengths of the rows of W + s · B A, which are constants for the gradient (section 4.3).</summary>
    /// <param name="weight">W [Dout, Din], borrowed.</param>
    /// <param name="lora">A [R, Din], B [Dout, R], scaling s.</param>
    /// <param name="magnitude">m, borrowed; [Dout] or shaped like an output's channels.</param>
    /// <returns>New float32 tensor [Dout], owned by the caller.</returns>
    public static Tensor Gain(Tensor weight, LoraPair lora, Tensor magnitude)
    {
        ArgumentNullException.ThrowIfNull(magnitude);
        using var scope = NewDisposeScope();
        return (magnitude.flatten() / Lengths(weight, lora)).MoveToOuterDisposeScope();
    }

    /// <summary>c, the lengths of the rows of W + s · B A; no gradient flows through them.</summary>
    /// <param name="weight">W [Dout, Din], borrowed.</param>
    /// <param name="lora">A [R, Din], B [Dout, R], scaling s.</param>
    /// <returns>New float32 tensor [Dout], owned by the caller.</returns>
    public static Tensor Lengths(Tensor weight, LoraPair lora)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return linalg.norm(Sum(weight, lora), dims: [1]).MoveToOuterDisposeScope();   // [Dout, Din] -> [Dout]
    }

    /// <summary>By how much a layer's output changes: (g − 1) ⊙ W x + g ⊙ Δh.</summary>
    /// <param name="product">W x [..., Dout], borrowed.</param>
    /// <param name="delta">Δh [..., Dout], the update; borrowed.</param>
    /// <param name="gain">g, spread over an output; borrowed.</param>
    /// <returns>New tensor of the update's dtype, owned by the caller.</returns>
    public static Tensor Change(Tensor product, Tensor delta, Tensor gain)
    {
        ArgumentNullException.ThrowIfNull(delta);
        ArgumentNullException.ThrowIfNull(gain);
        using var scope = NewDisposeScope();
        var g = gain.to(delta.dtype);
        return (((g - 1) * product) + (g * delta)).MoveToOuterDisposeScope();
    }

    /// <summary>W* = g ⊙ (W + s · B A), in float32 and rounded once to W's dtype. W itself is not touched.</summary>
    /// <param name="weight">W [Dout, Din], borrowed.</param>
    /// <param name="lora">A [R, Din], B [Dout, R], scaling s.</param>
    /// <param name="magnitude">m, borrowed.</param>
    /// <returns>New tensor [Dout, Din] of W's dtype, without gradient, owned by the caller.</returns>
    public static Tensor MergedWeight(Tensor weight, LoraPair lora, Tensor magnitude)
    {
        ArgumentNullException.ThrowIfNull(weight);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var merged = Gain(weight, lora, magnitude).unsqueeze(1) * Sum(weight, lora);   // [Dout, 1] · [Dout, Din]
        return merged.to(weight.dtype).MoveToOuterDisposeScope();
    }

    // Row by row in memory, whatever the layer: long rows of an embedding lose digits when they are summed across memory.
    private static Tensor Sum(Tensor weight, LoraPair lora) => (weight.to(float32) + LoraMath.DeltaWeight(lora)).contiguous();
}
