using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>The equations of plain LoRA. Factors are float32; they are cast to the activations' dtype when they meet them.</summary>
/// <remarks>Hu et al., arXiv:2106.09685, section 4.1. Shape letters: docs/method.md.</remarks>
public static class LoraMath
{
    /// <summary>s = alpha / R, or alpha / √R when rank-stabilised.</summary>
    /// <param name="alpha">The strength of the update.</param>
    /// <param name="rank">R, 1 or more.</param>
    /// <param name="rankStabilized">Whether to divide by √R.</param>
    /// <returns>The scaling s.</returns>
    /// <remarks>Rank-stabilised: Kalajdzievski, arXiv:2312.03732, equation 2.</remarks>
    public static double Scaling(double alpha, int rank, bool rankStabilized = false) =>
        alpha / (rankStabilized ? Math.Sqrt(rank) : rank);

    /// <summary>Δh = s · B A x.</summary>
    /// <param name="x">[..., Din], borrowed.</param>
    /// <param name="lora">A [R, Din], B [Dout, R], scaling s.</param>
    /// <param name="dropout">The share of x that is set to 0 in training; 0 for none.</param>
    /// <returns>New tensor [..., Dout], owned by the caller.</returns>
    public static Tensor Delta(Tensor x, LoraPair lora, double dropout = 0)
    {
        using var low = Down(x, lora, dropout);   // [..., Din] -> [..., R]
        return Up(low, lora);                     // [..., R] -> [..., Dout]
    }

    /// <summary>The low-rank activation A · drop(x).</summary>
    /// <param name="x">[..., Din], borrowed.</param>
    /// <param name="lora">A [R, Din]; B is not used.</param>
    /// <param name="dropout">The share of x that is set to 0 in training; 0 for none.</param>
    /// <returns>New tensor [..., R], owned by the caller.</returns>
    public static Tensor Down(Tensor x, LoraPair lora, double dropout = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var scope = NewDisposeScope();
        // An embedding's ids have no dtype that factors could follow, and nothing that could be dropped.
        var isContinuous = x.is_floating_point();
        var kept = dropout > 0 && isContinuous ? nn.functional.dropout(x, dropout, training: true) : x;   // [..., Din]
        var a = isContinuous ? lora.A.to(x.dtype) : lora.A;
        var low = lora.Site is { } site ? site.Down(kept, a) : nn.functional.linear(kept, a);   // [..., Din] -> [..., R]
        return low.MoveToOuterDisposeScope();
    }

    /// <summary>s · B · low.</summary>
    /// <param name="low">[..., R], borrowed.</param>
    /// <param name="lora">B [Dout, R] and scaling s; A is not used.</param>
    /// <returns>New tensor [..., Dout], owned by the caller.</returns>
    public static Tensor Up(Tensor low, LoraPair lora)
    {
        ArgumentNullException.ThrowIfNull(low);
        using var scope = NewDisposeScope();
        // Scaling the R low-rank numbers costs less than scaling the Dout results.
        var (scaled, b) = (low * lora.Scaling, lora.B.to(low.dtype));
        // [..., R] -> [..., Dout]
        return (lora.Site is { } site ? site.Up(scaled, b) : nn.functional.linear(scaled, b)).MoveToOuterDisposeScope();
    }

    /// <summary>ΔW = s · B A, in float32, as the matrix that the layer's weight is.</summary>
    /// <param name="lora">A [R, Din], B [Dout, R], scaling s.</param>
    /// <returns>New tensor [Dout, Din], owned by the caller.</returns>
    public static Tensor DeltaWeight(LoraPair lora)
    {
        using var scope = NewDisposeScope();
        // [Dout, R] · [R, Din] -> [Dout, Din]
        return (lora.B.flatten(1).matmul(lora.A.flatten(1)) * lora.Scaling).MoveToOuterDisposeScope();
    }

    /// <summary>⟨ΔW, ΔW'⟩_F of two updates s · B A of one shape: the sum of the products of their elements, from R·R numbers.</summary>
    /// <param name="first">A [R, Din], B [Dout, R], scaling s.</param>
    /// <param name="second">A [R', Din], B [Dout, R'], scaling s'.</param>
    /// <returns>The product.</returns>
    public static double Dot(LoraPair first, LoraPair second)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var downs = first.A.flatten(1).matmul(second.A.flatten(1).t());   // [R, Din] · [Din, R'] -> [R, R']
        var ups = first.B.flatten(1).t().matmul(second.B.flatten(1));     // [R, Dout] · [Dout, R'] -> [R, R']
        return (downs * ups).sum().to(float64).item<double>() * first.Scaling * second.Scaling;
    }

    /// <summary>W* = W + s · B A, added in float32 and rounded once to W's dtype. W itself is not touched.</summary>
    /// <param name="weight">W [Dout, Din], borrowed.</param>
    /// <param name="lora">A [R, Din], B [Dout, R], scaling s.</param>
    /// <returns>New tensor [Dout, Din] of W's dtype, without gradient, owned by the caller.</returns>
    public static Tensor MergedWeight(Tensor weight, LoraPair lora)
    {
        ArgumentNullException.ThrowIfNull(weight);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return ExactWeight(weight, lora).to(weight.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>W* in float32, in the caller's dispose scope.</summary>
    internal static Tensor ExactWeight(Tensor weight, LoraPair lora)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var delta = DeltaWeight(lora);
        return (weight.to(float32) + (lora.Site?.OfMatrix(delta) ?? delta)).MoveToOuterDisposeScope();
    }

    /// <summary>A drawn uniformly from ±1/√Din (Kaiming with a = √5), B zero: the update starts at 0.</summary>
    /// <param name="outFeatures">Dout.</param>
    /// <param name="inFeatures">Din.</param>
    /// <param name="rank">R.</param>
    /// <param name="generator">The source of randomness.</param>
    /// <returns>New float32 tensors A [R, Din] and B [Dout, R], owned by the caller.</returns>
    public static (Tensor A, Tensor B) Initial(long outFeatures, long inFeatures, int rank, Generator generator)
    {
        using var scope = NewDisposeScope();
        var a = FirstValues.Uniform([rank, inFeatures], generator);
        return (a.MoveToOuterDisposeScope(), zeros([outFeatures, rank], dtype: float32).MoveToOuterDisposeScope());
    }
}
