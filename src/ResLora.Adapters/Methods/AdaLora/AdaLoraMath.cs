using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.AdaLora;

/// <summary>The equations of AdaLoRA: ΔW = s · P Λ Q with a diagonal Λ, whose least important entries are set to 0.</summary>
/// <remarks>Zhang et al., arXiv:2303.10512. Here Q is A [R, Din], P is B [Dout, R], Λ is E [R, 1]. Shape letters: docs/method.md.</remarks>
public static class AdaLoraMath
{
    private const double Epsilon = 1e-5;

    /// <summary>s = alpha / (R + 1e-5) with the rank that blocks begin with, as PEFT has it.</summary>
    /// <param name="alpha">The strength of the update.</param>
    /// <param name="rank">R.</param>
    /// <returns>The scaling s.</returns>
    public static double Scaling(double alpha, int rank) => alpha / (rank + Epsilon);

    /// <summary>P Λ, the B of the block's low-rank update.</summary>
    /// <param name="p">P [Dout, R], borrowed.</param>
    /// <param name="values">Λ's diagonal [R, 1], borrowed.</param>
    /// <returns>New tensor [Dout, R], owned by the caller.</returns>
    public static Tensor Up(Tensor p, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(values);
        using var row = values.view(1, -1);   // [R, 1] -> [1, R]
        return p * row;
    }

    /// <summary>The mean over all Q and P of ‖Q Qᵀ − I‖_F and ‖Pᵀ P − I‖_F (equation 4, with norms for their squares, as PEFT has
    /// it).</summary>
    /// <param name="qs">Every Q [R, Din], borrowed.</param>
    /// <param name="ps">Every P [Dout, R], borrowed.</param>
    /// <returns>New scalar with gradient, owned by the caller.</returns>
    public static Tensor OrthogonalPenalty(IReadOnlyList<Tensor> qs, IReadOnlyList<Tensor> ps)
    {
        ArgumentNullException.ThrowIfNull(qs);
        ArgumentNullException.ThrowIfNull(ps);
        using var scope = NewDisposeScope();
        // Factors of one shape go through the same operations together: there are many, and each is small.
        var norms = qs.GroupBy(q => q.shape[1]).Select(group => Deviations(stack(group)))                       // [N, R, Din]
                                                                                                                // [N, Dout, R] -> [N, R, Dout]
            .Concat(ps.GroupBy(p => p.shape[0]).Select(group => Deviations(stack(group).transpose(1, 2))))
            .Select(deviations => deviations.sum());
        return (stack(norms).sum() / (qs.Count + ps.Count)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Smoothed sensitivity Ī ← β₁ Ī + (1 − β₁) |w · ∇w| and uncertainty Ū ← β₂ Ū + (1 − β₂) | |w · ∇w| − Ī | (equations 8 to 10), in
    /// place.
    /// </summary>
    /// <param name="values">w, borrowed.</param>
    /// <param name="gradients">∇w, borrowed.</param>
    /// <param name="sensitivity">Ī, changed.</param>
    /// <param name="uncertainty">Ū, changed.</param>
    /// <param name="beta1">β₁.</param>
    /// <param name="beta2">β₂.</param>
    public static void Measure(Tensor values, Tensor gradients, Tensor sensitivity, Tensor uncertainty, double beta1, double beta2)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(sensitivity);
        ArgumentNullException.ThrowIfNull(uncertainty);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var now = (values * gradients).abs_();
        sensitivity.mul_(beta1).add_(now, alpha: 1 - beta1);
        uncertainty.mul_(beta2).add_((now - sensitivity).abs_(), alpha: 1 - beta2);
    }

    /// <summary>The importance of every triplet: Ī Ū of its entry of Λ and the means of Ī Ū over its row of Q and its column of P (equation
    /// 7).</summary>
    /// <param name="values">Ī Ū of Λ, [N, R], borrowed.</param>
    /// <param name="rows">The means over the rows of Q, [N, R], borrowed.</param>
    /// <param name="columns">The means over the columns of P, [N, R], borrowed.</param>
    /// <returns>New tensor [N, R], owned by the caller.</returns>
    public static Tensor Importance(Tensor values, Tensor rows, Tensor columns)
    {
        ArgumentNullException.ThrowIfNull(rows);
        using var sum = rows + columns;
        return values + sum;
    }

    /// <summary>Which triplets are kept: the most important of all blocks; of equal ones none is taken before the others.</summary>
    /// <param name="importance">[N, R], borrowed.</param>
    /// <param name="budget">How many may be kept.</param>
    /// <returns>New tensor [N, R], 1 for what is kept and 0 for the rest, owned by the caller.</returns>
    public static Tensor Keep(Tensor importance, int budget)
    {
        ArgumentNullException.ThrowIfNull(importance);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var pruned = importance.numel() - budget;
        // Without any gradient so far nothing is less important than the rest.
        if (pruned <= 0 || importance.max().item<float>() <= 0)
        {
            return ones_like(importance).MoveToOuterDisposeScope();
        }

        var (threshold, _) = importance.flatten().kthvalue(pruned, 0);
        return importance.gt(threshold).to(importance.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>‖M Mᵀ − I‖_F of every matrix M [N, R, D].</summary>
    private static Tensor Deviations(Tensor matrices)
    {
        var products = matrices.bmm(matrices.transpose(1, 2));   // [N, R, D] -> [N, R, R]
        var identity = eye(products.shape[1], dtype: products.dtype, device: products.device);
        return linalg.vector_norm(products - identity, 2, [1, 2]);   // [N, R, R] -> [N]
    }
}
