using static TorchSharp.torch;

namespace ResLora.Adapters.Gradients;

/// <summary>
/// The gradients of one product w · s · B A x of an update, derived by hand. With δ = ∂L/∂h at the output of the layer that the product is
/// added to, summed over tokens: ∂L/∂A = w (s Bᵀ δ) xᵀ, ∂L/∂B = w s δ (A x)ᵀ, ∂L/∂x = w s Aᵀ Bᵀ δ. Every block's gradient is the sum of
/// these over the products that its factors are in (<see cref="DeltaTerm"/>). Pure functions.
/// </summary>
/// <remarks>
/// arXiv:2402.18039, equations 14 to 16: ∂L/∂x is what equation 16 adds to equation 15. Here tokens are rows, so that δ and x are
/// [N, ·] and the products stand the other way round.
/// </remarks>
public static class GradientTerms
{
    /// <summary>∂L/∂A of w · s · B A x.</summary>
    /// <param name="delta">δ, [N, Dout], borrowed.</param>
    /// <param name="x">[N, Din], borrowed.</param>
    /// <param name="lora">B [Dout, R] and scaling s; A is not used.</param>
    /// <param name="weight">w.</param>
    /// <returns>New tensor [R, Din], owned by the caller.</returns>
    public static Tensor OfA(Tensor delta, Tensor x, LoraPair lora, double weight)
    {
        ArgumentNullException.ThrowIfNull(delta);
        using var scope = NewDisposeScope();
        var low = delta.matmul(lora.B) * (weight * lora.Scaling);   // [N, Dout] · [Dout, R] -> [N, R]
        return low.t().matmul(x).MoveToOuterDisposeScope();         // [R, N] · [N, Din] -> [R, Din]
    }

    /// <summary>∂L/∂B of w · s · B A x.</summary>
    /// <param name="delta">δ, [N, Dout], borrowed.</param>
    /// <param name="x">[N, Din], borrowed.</param>
    /// <param name="lora">A [R, Din] and scaling s; B is not used.</param>
    /// <param name="weight">w.</param>
    /// <returns>New tensor [Dout, R], owned by the caller.</returns>
    public static Tensor OfB(Tensor delta, Tensor x, LoraPair lora, double weight)
    {
        ArgumentNullException.ThrowIfNull(delta);
        ArgumentNullException.ThrowIfNull(x);
        using var scope = NewDisposeScope();
        var low = x.matmul(lora.A.t()) * (weight * lora.Scaling);   // [N, Din] · [Din, R] -> [N, R]
        return delta.t().matmul(low).MoveToOuterDisposeScope();     // [Dout, N] · [N, R] -> [Dout, R]
    }

    /// <summary>∂L/∂x of w · s · B A x: of a shortcut, what reaches an earlier input without passing the layers between.</summary>
    /// <param name="delta">δ, [N, Dout], borrowed.</param>
    /// <param name="lora">A [R, Din], B [Dout, R], scaling s.</param>
    /// <param name="weight">w.</param>
    /// <returns>New tensor [N, Din], owned by the caller.</returns>
    public static Tensor OfInput(Tensor delta, LoraPair lora, double weight)
    {
        ArgumentNullException.ThrowIfNull(delta);
        using var scope = NewDisposeScope();
        var low = delta.matmul(lora.B) * (weight * lora.Scaling);   // [N, Dout] · [Dout, R] -> [N, R]
        return low.matmul(lora.A).MoveToOuterDisposeScope();        // [N, R] · [R, Din] -> [N, Din]
    }
}
