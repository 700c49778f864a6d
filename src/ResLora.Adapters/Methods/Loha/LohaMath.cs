using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Loha;

/// <summary>The equations of LoHa: two products of rank R, multiplied element by element, reach rank R².</summary>
/// <remarks>Hyeon-Woo et al., "FedPara", arXiv:2108.06098, proposition 1; with a core for kernels: proposition 3.</remarks>
public static class LohaMath
{
    /// <summary>ΔW = s · (X₁ Y₁) ⊙ (X₂ Y₂).</summary>
    /// <param name="first">X₁ [Dout, R] and Y₁ [R, Din], borrowed.</param>
    /// <param name="second">X₂ [Dout, R] and Y₂ [R, Din], borrowed.</param>
    /// <param name="scaling">s = alpha / R.</param>
    /// <returns>New tensor [Dout, Din], owned by the caller.</returns>
    public static Tensor DeltaWeight((Tensor X, Tensor Y) first, (Tensor X, Tensor Y) second, double scaling)
    {
        ArgumentNullException.ThrowIfNull(first.X);
        ArgumentNullException.ThrowIfNull(second.X);
        using var scope = NewDisposeScope();
        // Scaling the small factor costs less than scaling the product.
        var scaled = (first.X * scaling).matmul(first.Y);                              // [Dout, R] · [R, Din] -> [Dout, Din]
        return (scaled * second.X.matmul(second.Y)).MoveToOuterDisposeScope();         // [Dout, Din]
    }

    /// <summary>The shape of a core, which has two dimensions of a kernel in any case: PEFT's is so.</summary>
    /// <param name="rank">R.</param>
    /// <param name="kernel">The sides of the kernel, one or two.</param>
    /// <returns>[R, R, kh, kw]; kw is 1 for a kernel of one dimension.</returns>
    internal static long[] ShapeOfCore(long rank, long[] kernel) => [rank, rank, .. kernel, .. Enumerable.Repeat(1L, 2 - kernel.Length)];

    /// <summary>The product of a core with a matrix for outputs and one for inputs: w_{o,c,h,w} = Σ_{i,j} t_{i,j,h,w} a_{i,o}
    /// b_{j,c}.</summary>
    /// <param name="core">t [R, R, kh, kw], borrowed.</param>
    /// <param name="outputs">a [R, Dout], borrowed.</param>
    /// <param name="inputs">b [R, C], borrowed.</param>
    /// <returns>New tensor [Dout, C, kh, kw], owned by the caller.</returns>
    public static Tensor WithCore(Tensor core, Tensor outputs, Tensor inputs)
    {
        using var scope = NewDisposeScope();
        return einsum("ijhw,io,jc->ochw", core, outputs, inputs).MoveToOuterDisposeScope();
    }
}
