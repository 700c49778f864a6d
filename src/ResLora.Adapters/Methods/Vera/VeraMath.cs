using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Vera;

/// <summary>The equations of VeRA: ΔW = diag(b) B diag(d) A with frozen random A and B that all layers share.</summary>
/// <remarks>Kopiczko et al., arXiv:2310.11454, equation 2.</remarks>
public static class VeraMath
{
    /// <summary>The part of A that a layer uses, row by row times d: diag(d) A.</summary>
    /// <param name="shared">A [R, widest Din], borrowed.</param>
    /// <param name="d">d [R], borrowed.</param>
    /// <param name="inFeatures">Din of the layer.</param>
    /// <returns>New tensor [R, Din], owned by the caller.</returns>
    public static Tensor Down(Tensor shared, Tensor d, long inFeatures)
    {
        ArgumentNullException.ThrowIfNull(shared);
        ArgumentNullException.ThrowIfNull(d);
        using var scope = NewDisposeScope();
        return (d.unsqueeze(1) * shared.narrow(1, 0, inFeatures)).MoveToOuterDisposeScope();   // [R, 1] · [R, Din]
    }

    /// <summary>The part of B that a layer uses, row by row times b: diag(b) B.</summary>
    /// <param name="shared">B [widest Dout, R], borrowed.</param>
    /// <param name="b">b [Dout], borrowed.</param>
    /// <returns>New tensor [Dout, R], owned by the caller.</returns>
    public static Tensor Up(Tensor shared, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(shared);
        ArgumentNullException.ThrowIfNull(b);
        using var scope = NewDisposeScope();
        return (b.unsqueeze(1) * shared.narrow(0, 0, b.shape[0])).MoveToOuterDisposeScope();   // [Dout, 1] · [Dout, R]
    }

    /// <summary>A and B, drawn uniformly from ±√(6 / inputs of a row), A first: PEFT draws the same numbers from the same seed.</summary>
    /// <param name="outFeatures">The widest Dout.</param>
    /// <param name="inFeatures">The widest Din.</param>
    /// <param name="rank">R.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>New float32 tensors A [R, Din] and B [Dout, R], owned by the caller.</returns>
    public static (Tensor A, Tensor B) Projections(long outFeatures, long inFeatures, int rank, int seed)
    {
        using var generator = new Generator((ulong)seed, CPU);
        return (Draw(rank, inFeatures), Draw(outFeatures, rank));

        Tensor Draw(long rows, long columns)
        {
            var bound = Math.Sqrt(6.0 / columns);
            return empty([rows, columns], dtype: float32).uniform_(-bound, bound, generator);
        }
    }
}
