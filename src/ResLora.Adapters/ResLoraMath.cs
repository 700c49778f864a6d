using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// Every equation of ResLoRA: the three shortcuts and the merges that remove them. Pure functions: nothing here keeps
/// state. n counts the blocks of one chain from 0, block n's input is x_n, its factors A_n and B_n, s the scaling.
/// </summary>
/// <remarks>
/// Shi et al., "ResLoRA: Identity Residual Mapping in Low-Rank Adaption", arXiv:2402.18039. The paper leaves s out; here
/// every B A term carries it once. The paper's shortcuts have weight γ = 1; annealing lowers it. Projection and least squares are not
/// in the paper. Shape letters: docs/method.md.
/// </remarks>
public static class ResLoraMath
{
    /// <summary>Input shortcut, equation 2: Δh_n = s · B_n A_n (x_n + γ x_{n−1}).</summary>
    /// <param name="x">x_n, [B, T, Din], borrowed.</param>
    /// <param name="previousX">x_{n−1}, [B, T, Din], borrowed; the paper's first block takes x_0 itself, so it counts twice.</param>
    /// <param name="lora">A_n [R, Din], B_n [Dout, R], scaling s.</param>
    /// <param name="dropout">The share of the sum that is set to 0 in training (one mask for both); 0 for none.</param>
    /// <param name="weight">γ, the weight of the shortcut, 0 to 1. Default 1, as in the paper.</param>
    /// <returns>New tensor [B, T, Dout], owned by the caller.</returns>
    public static Tensor InputShortcut(Tensor x, Tensor previousX, LoraPair lora, double dropout = 0, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var sum = x.add(previousX, weight);     // [B, T, Din]
        return LoraMath.Delta(sum, lora, dropout);    // [B, T, Din] -> [B, T, Dout]
    }

    /// <summary>Block shortcut, equation 3: Δh_n = s · (B_n A_n + γ Σ_{k=1..m} B_{n−k} A_{n−k}) x_n.</summary>
    /// <param name="x">x_n, [B, T, Din], borrowed.</param>
    /// <param name="blocks">Block n's own factors first, then those of n−1, n−2, … n−m.</param>
    /// <param name="dropout">The share of x that is set to 0 in training (a fresh mask for each block); 0 for none.</param>
    /// <param name="weight">γ, the weight of the shortcut, 0 to 1. Default 1, as in the paper.</param>
    /// <returns>New tensor [B, T, Dout], owned by the caller.</returns>
    public static Tensor BlockShortcut(Tensor x, IReadOnlyList<LoraPair> blocks, double dropout = 0, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        using var scope = NewDisposeScope();
        if (dropout == 0)
        {
            // One product of rank R·(m+1) costs about what one of rank R does.
            return LoraMath.Delta(x, MergeBlocks(blocks, weight)).MoveToOuterDisposeScope();
        }

        var sum = LoraMath.Delta(x, blocks[0], dropout);
        foreach (var block in blocks.Skip(1))
        {
            sum = sum.add(LoraMath.Delta(x, block, dropout), weight);
        }

        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>Middle shortcut, equation 4: Δh_n = s · B_n (A_n x_n + γ Σ_{k=1..m} A_{n−k} x_{n−k}).</summary>
    /// <param name="low">A_n x_n, [B, T, R], borrowed.</param>
    /// <param name="previousLow">A_{n−1} x_{n−1}, … A_{n−m} x_{n−m}, each [B, T, R]; borrowed.</param>
    /// <param name="lora">B_n [Dout, R] and scaling s.</param>
    /// <param name="weight">γ, the weight of the shortcut, 0 to 1. Default 1, as in the paper.</param>
    /// <returns>New tensor [B, T, Dout], owned by the caller.</returns>
    public static Tensor MiddleShortcut(Tensor low, IReadOnlyList<Tensor> previousLow, LoraPair lora, double weight = 1)
    {
        using var sum = MiddleSum(low, previousLow, weight);   // [B, T, R]
        return LoraMath.Up(sum, lora);                         // [B, T, R] -> [B, T, Dout]
    }

    /// <summary>What B_n sees under the middle shortcut: A_n x_n + γ Σ_{k=1..m} A_{n−k} x_{n−k}.</summary>
    /// <param name="low">A_n x_n, [B, T, R], borrowed.</param>
    /// <param name="previousLow">A_{n−1} x_{n−1}, … A_{n−m} x_{n−m}, each [B, T, R]; borrowed.</param>
    /// <param name="weight">γ.</param>
    /// <returns>New tensor [B, T, R], owned by the caller.</returns>
    public static Tensor MiddleSum(Tensor low, IReadOnlyList<Tensor> previousLow, double weight)
    {
        ArgumentNullException.ThrowIfNull(low);
        ArgumentNullException.ThrowIfNull(previousLow);
        using var scope = NewDisposeScope();
        var sum = low.alias();
        foreach (var earlier in previousLow)
        {
            sum = sum.add(earlier, weight);   // [B, T, R]
        }

        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>Exact merge of the block shortcut, equation 5, as one LoRA of rank R·(m+1): A's stacked, B's side by side.</summary>
    /// <param name="blocks">Block n's own factors first, then those of n−1, … n−m.</param>
    /// <param name="weight">γ; the earlier blocks' B's carry it. Default 1.</param>
    /// <returns>A [R·(m+1), Din] and B [Dout, R·(m+1)], new tensors owned by the caller, with the blocks' scaling.</returns>
    public static LoraPair MergeBlocks(IReadOnlyList<LoraPair> blocks, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        if (blocks.Count == 1)
        {
            // TorchSharp hands a single tensor through cat as it is.
            return blocks[0] with { A = blocks[0].A.clone(), B = blocks[0].B.clone() };
        }

        using var scope = NewDisposeScope();
        var a = cat([.. blocks.Select(b => b.A)], dim: 0);                                             // [R·(m+1), Din]
        var b = cat([blocks[0].B, .. blocks.Skip(1).Select(earlier => earlier.B * weight)], dim: 1);   // [Dout, R·(m+1)]
        return blocks[0] with { A = a.MoveToOuterDisposeScope(), B = b.MoveToOuterDisposeScope() };
    }

    /// <summary>
    /// Merge of the input shortcut, equations 6 and 7, and of the middle shortcut by inputs, equation 12:
    /// W*_n = W_n + s (1 + α_n) B_n A_n. Approximate: it takes x_{n−1} for α_n x_n.
    /// </summary>
    /// <param name="lora">A_n [R, Din], B_n [Dout, R], scaling s.</param>
    /// <param name="alpha">α_n.</param>
    /// <returns>A_n and (1 + α_n) B_n, new tensors owned by the caller.</returns>
    public static LoraPair MergeScaled(LoraPair lora, double alpha) =>
        lora with { A = lora.A.clone(), B = lora.B * (1 + alpha) };

    /// <summary>
    /// Merge of the middle shortcut by weights, equation 13: A*_n = Σ_{k=0..m} α_{n,k} A_{n−k}, W*_n = W_n + s B_n A*_n.
    /// Approximate: it takes x_{n−k} for α_{n,k} x_n.
    /// </summary>
    /// <param name="lora">A_n [R, Din], B_n [Dout, R], scaling s.</param>
    /// <param name="previousA">A_{n−1}, … A_{n−m}, each [R, Din]; borrowed.</param>
    /// <param name="alphas">α_{n,1}, … α_{n,m} = f_{n−k} / f_n, one for each of <paramref name="previousA"/>.</param>
    /// <returns>A*_n and B_n, new tensors owned by the caller.</returns>
    public static LoraPair MergeMiddleDown(LoraPair lora, IReadOnlyList<Tensor> previousA, IReadOnlyList<double> alphas)
    {
        ArgumentNullException.ThrowIfNull(previousA);
        ArgumentNullException.ThrowIfNull(alphas);
        using var scope = NewDisposeScope();
        var sum = lora.A;
        for (var k = 0; k < previousA.Count; k++)
        {
            sum = sum + previousA[k] * alphas[k];   // [R, Din]
        }

        return lora with { A = sum.clone().MoveToOuterDisposeScope(), B = lora.B.clone().MoveToOuterDisposeScope() };
    }

    /// <summary>α_n of the input shortcut, equations 9 and 11: the size of what the shortcut adds over the size of block n's own.</summary>
    /// <param name="previousNorm">f_{n−1} = mean ‖x_{n−1}‖_F (by inputs), or f*_{n−2} = ‖W*_{n−2}‖_F (by weights).</param>
    /// <param name="norm">f_n = mean ‖x_n‖_F (by inputs), or f*_{n−1} = ‖W*_{n−1}‖_F (by weights).</param>
    /// <returns>The ratio.</returns>
    public static double InputAlpha(double previousNorm, double norm) => previousNorm / norm;

    /// <summary>α_n of the middle shortcut by inputs, equation 12: Σ_{k=1..m} g_{n−k} / g_n with g_n = mean ‖A_n x_n‖_F.</summary>
    /// <param name="previousNorms">g_{n−1}, … g_{n−m}.</param>
    /// <param name="norm">g_n.</param>
    /// <returns>The sum of the ratios; 0 without earlier blocks.</returns>
    public static double MiddleAlpha(IEnumerable<double> previousNorms, double norm) => previousNorms.Sum(g => g / norm);

    /// <summary>
    /// α_n of the projection: the α for which α A_n x_n comes closest to r_n, what the shortcut adds before B
    /// (r_n = γ A_n x_{n−1} or γ Σ_{k=1..m} A_{n−k} x_{n−k}): Σ⟨A_n x_n, r_n⟩ / Σ‖A_n x_n‖². By the Cauchy-Schwarz inequality it is
    /// never above the ratio of root mean squares, which equations 9 and 12 resemble: it counts directions, too.
    /// </summary>
    /// <param name="dot">Σ⟨A_n x_n, r_n⟩ over the calibration tokens.</param>
    /// <param name="square">Σ‖A_n x_n‖² over the same.</param>
    /// <returns>α_n; 0 when A_n x_n is 0 throughout.</returns>
    public static double ProjectionAlpha(double dot, double square) => square > 0 ? dot / square : 0;

    /// <summary>
    /// Merge by least squares: A*_n = A_n + C_n (S_n + λI)⁻¹ with S_n = Σ x_n x_nᵀ, C_n = Σ r_n x_nᵀ over calibration tokens and
    /// λ = ridge · tr(S_n) / Din; W*_n = W_n + s B_n A*_n. Of all matrices, A*_n x_n comes closest to A_n x_n + r_n, so no merge of rank R
    /// does better on the calibration tokens (but for λ).
    /// </summary>
    /// <param name="lora">A_n [R, Din], B_n [Dout, R], scaling s.</param>
    /// <param name="cross">C_n [R, Din], float64; borrowed.</param>
    /// <param name="moment">S_n [Din, Din], float64, symmetric; borrowed.</param>
    /// <param name="ridge">How strongly A*_n is held to A_n, as a share of the mean eigenvalue of S_n, above 0.</param>
    /// <returns>A*_n and B_n, new float32 tensors owned by the caller.</returns>
    public static LoraPair MergeLeastSquares(LoraPair lora, Tensor cross, Tensor moment, double ridge)
    {
        ArgumentNullException.ThrowIfNull(cross);
        ArgumentNullException.ThrowIfNull(moment);
        using var scope = NewDisposeScope();
        var width = moment.shape[0];
        var lambda = ridge * moment.trace().item<double>() / width;
        var regular = moment + lambda * eye(width, dtype: moment.dtype, device: moment.device);   // [Din, Din]
        var correction = cholesky_solve(cross.t(), linalg.cholesky(regular)).t();                 // [Din, R] -> [R, Din]
        var a = lora.A + correction.to(lora.A.dtype);
        return lora with { A = a.MoveToOuterDisposeScope(), B = lora.B.clone().MoveToOuterDisposeScope() };
    }
}
