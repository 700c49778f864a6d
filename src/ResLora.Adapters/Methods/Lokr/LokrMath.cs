using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Lokr;

/// <summary>The equations of LoKr: ΔW = s · U ⊗ V, a Kronecker product of two small matrices.</summary>
/// <remarks>Edalati et al., "KronA", arXiv:2212.10650; Yeh et al., arXiv:2309.14859, section 3.</remarks>
public static class LokrMath
{
    /// <summary>Two factors of a number: the wanted one where it divides, else those nearest to each other, the smaller first.</summary>
    /// <param name="number">The number, 1 or more.</param>
    /// <param name="wanted">The factor that is wanted, and the largest one that is taken; −1 for any.</param>
    /// <returns>Two numbers whose product it is.</returns>
    public static (long Small, long Large) Factors(long number, int wanted)
    {
        if (wanted > 0 && number % wanted == 0)
        {
            return (wanted, number / wanted);
        }

        // Two factors are the nearer to each other, the larger the smaller one is.
        var most = wanted == -1 ? number : wanted;
        for (var small = (long)Math.Sqrt(number); small > 1; small--)
        {
            if (number % small == 0 && small <= most)
            {
                return (small, number / small);
            }
        }

        return (1, number);
    }

    /// <summary>ΔW = s · U ⊗ V, as the matrix of the layer's weight.</summary>
    /// <param name="u">U [a, c], borrowed.</param>
    /// <param name="v">V [b, d], or [b, d, k] or [b, d, kh, kw] at a convolution; borrowed.</param>
    /// <param name="scaling">s = alpha / R.</param>
    /// <returns>New tensor [a·b, c·d] (times kh·kw), owned by the caller.</returns>
    public static Tensor DeltaWeight(Tensor u, Tensor v, double scaling)
    {
        ArgumentNullException.ThrowIfNull(u);
        ArgumentNullException.ThrowIfNull(v);
        using var scope = NewDisposeScope();
        var (a, c, b) = (u.shape[0], u.shape[1], v.shape[0]);
        var kernel = v.numel() / b;                                                        // d, times kh·kw
        // Axes of a whole V in one dimension meet those of U from the last one on: PEFT's product is so, and in two dimensions it is not.
        var product = v.dim() == 3
            ? (u * scaling).reshape(1, a, 1, c, 1) * v.reshape(b, 1, v.shape[1], 1, v.shape[2])   // [b, a, d, c, k]
            : (u * scaling).reshape(a, 1, c, 1) * v.reshape(1, b, 1, kernel);                     // [a, b, c, d·kh·kw]
        return product.reshape(a * b, c * kernel).MoveToOuterDisposeScope();
    }

    /// <summary>s · (U ⊗ V) x without the product itself: with x as a matrix X [c, d], it is s · U X Vᵀ.</summary>
    /// <param name="x">[..., c·d], borrowed.</param>
    /// <param name="u">U [a, c], borrowed.</param>
    /// <param name="v">V [b, d], or its two factors, whose product it is: [b, R] and [R, d]; borrowed.</param>
    /// <param name="scaling">s = alpha / R.</param>
    /// <returns>New tensor [..., a·b], owned by the caller.</returns>
    public static Tensor Apply(Tensor x, Tensor u, IReadOnlyList<Tensor> v, double scaling)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(u);
        ArgumentNullException.ThrowIfNull(v);
        using var scope = NewDisposeScope();
        var leading = x.shape[..^1];
        var (a, c, b) = (u.shape[0], u.shape[1], v[0].shape[0]);
        var rows = x.reshape([.. leading, c, -1]);                                                  // [..., c, d]
        foreach (var factor in v.Reverse())
        {
            rows = nn.functional.linear(rows, factor.to(x.dtype));                                  // [..., c, d] -> [..., c, b]
        }

        var mixed = nn.functional.linear(rows.transpose(-1, -2), (u * scaling).to(x.dtype));        // [..., b, c] -> [..., b, a]
        return mixed.transpose(-1, -2).reshape([.. leading, a * b]).MoveToOuterDisposeScope();      // [..., a·b]
    }
}
