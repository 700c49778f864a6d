using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Lora;

/// <summary>First values of A and B that come from the base's weight W [Dout, Din]: s · B A is a part of W.</summary>
public static class FirstFactors
{
    /// <summary>PiSSA: with W = U Σ Vᵀ, A = √(Σ_R / s) V_Rᵀ and B = U_R √(Σ_R / s), so that s · B A is the best part of rank R.</summary>
    /// <param name="weight">W [Dout, Din], borrowed.</param>
    /// <param name="rank">R, at most the smaller of Dout and Din.</param>
    /// <param name="scaling">s.</param>
    /// <returns>New float32 tensors A [R, Din] and B [Dout, R], owned by the caller.</returns>
    /// <remarks>Meng et al., arXiv:2404.02948, equations 2 and 3.</remarks>
    public static (Tensor A, Tensor B) Pissa(Tensor weight, int rank, double scaling)
    {
        ArgumentNullException.ThrowIfNull(weight);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var (u, sizes, v) = linalg.svd(weight.to(float32), fullMatrices: false);   // [Dout, K], [K], [K, Din]
        var roots = (sizes.narrow(0, 0, rank) / scaling).sqrt();                   // [R]
        var a = roots.unsqueeze(1) * v.narrow(0, 0, rank);                         // [R, 1] · [R, Din]
        var b = u.narrow(1, 0, rank) * roots;                                      // [Dout, R] · [R]
        return (a.contiguous().MoveToOuterDisposeScope(), b.contiguous().MoveToOuterDisposeScope());
    }

    /// <summary>OLoRA: with W = Q R, the first columns of Q for B and the first rows of R for A.</summary>
    /// <param name="weight">W [Dout, Din], borrowed.</param>
    /// <param name="rank">R, at most the smaller of Dout and Din.</param>
    /// <returns>New float32 tensors A [R, Din] and B [Dout, R], owned by the caller.</returns>
    /// <remarks>Büyükakyüz, arXiv:2406.01775, section 3.</remarks>
    public static (Tensor A, Tensor B) Olora(Tensor weight, int rank)
    {
        ArgumentNullException.ThrowIfNull(weight);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var (q, r) = linalg.qr(weight.to(float32));   // [Dout, K], [K, Din]
        return (r.narrow(0, 0, rank).clone().MoveToOuterDisposeScope(), q.narrow(1, 0, rank).clone().MoveToOuterDisposeScope());
    }
}
