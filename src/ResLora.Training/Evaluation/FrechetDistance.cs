using ResLora.Formats.Errors;
using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>
/// How far two sets of features are apart, each taken for a normal distribution: |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½).
/// </summary>
/// <remarks>
/// Dowson and Landau, 1982; for pictures: Heusel et al., arXiv:1706.08500, equation 6. It falls with the number of pictures, so that only
/// distances of equally many may be compared. Computed in float64.
/// </remarks>
public static class FrechetDistance
{
    /// <summary>The fewest rows that have a covariance.</summary>
    public const int FewestRows = 2;

    /// <summary>Measures it.</summary>
    /// <param name="first">[N, D], N at least 2; borrowed.</param>
    /// <param name="second">[M, D], M at least 2; borrowed.</param>
    /// <returns>The distance, squared as it is usually told; at least 0.</returns>
    /// <exception cref="ShapeException">The widths differ, or there are too few rows.</exception>
    public static double Between(Tensor first, Tensor second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Shapes.Require(second, "second", Shapes.Any, first.shape[^1]);
        if (Math.Min(first.shape[0], second.shape[0]) < FewestRows)
        {
            throw new ShapeException($"A covariance needs {FewestRows} rows; there are {first.shape[0]} and {second.shape[0]}.");
        }

        using var scope = NewDisposeScope();
        var ((mean1, covariance1), (mean2, covariance2)) = (Moments(first), Moments(second));
        // tr (Σ₁ Σ₂)^½ = tr (S Σ₂ S)^½ with S = Σ₁^½: symmetric, so that its eigenvalues are real.
        var root = Root(covariance1);
        var product = root.matmul(covariance2).matmul(root);   // [D, D]
        var shared = linalg.eigvalsh((product + product.t()) / 2).clamp(min: 0).sqrt().sum();
        var distance = (mean1 - mean2).square().sum() + covariance1.trace() + covariance2.trace() - (2 * shared);
        return Math.Max(distance.item<double>(), 0);   // rounding may take equal sets below
    }

    private static (Tensor Mean, Tensor Covariance) Moments(Tensor rows)   // [N, D] -> [D], [D, D]
    {
        var all = rows.to(float64);
        var mean = all.mean([0]);
        var centred = all - mean;
        return (mean, centred.t().matmul(centred) / (all.shape[0] - 1));
    }

    private static Tensor Root(Tensor symmetric)   // [D, D] -> [D, D]
    {
        var (values, vectors) = linalg.eigh(symmetric);
        return (vectors * values.clamp(min: 0).sqrt()).matmul(vectors.t());
    }
}
