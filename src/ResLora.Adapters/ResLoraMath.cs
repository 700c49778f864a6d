using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// Every equation of ResLoRA: the three shortcuts and the merges that remove them. Pure functions: nothing here keeps
/// state. n counts the blocks of one chain from 0, block n's input is x_n, its factors A_n and B_n, s the scaling.
/// </summary>
/// <remarks>
/// Shi et al., "ResLoRA: Identity Residual Mapping in Low-Rank Adaption", arXiv:2402.18039. The paper leaves s out; here
/// every B A term carries it once. Shape letters: docs/method.md.
/// </remarks>
public static class ResLoraMath
{
    /// <summary>Input shortcut, equation 2: Δh_n = s · B_n A_n (x_n + x_{n−1}).</summary>
    /// <param name="x">x_n, [B, T, Din], borrowed.</param>
    /// <param name="previousX">x_{n−1}, [B, T, Din], borrowed; the paper's first block takes x_0 itself, so it counts twice.</param>
    /// <param name="lora">A_n [R, Din], B_n [Dout, R], scaling s.</param>
    /// <param name="dropout">The share of the sum that is set to 0 in training (one mask for both); 0 for none.</param>
    /// <returns>New tensor [B, T, Dout], owned by the caller.</returns>
    public static Tensor InputShortcut(Tensor x, Tensor previousX, LoraPair lora, double dropout = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var sum = x + previousX;                // [B, T, Din]
        return LoraMath.Delta(sum, lora, dropout);    // [B, T, Din] -> [B, T, Dout]
    }

    /// <summary>Block shortcut, equation 3: Δh_n = s · Σ_{k=0..m} B_{n−k} A_{n−k} x_n.</summary>
    /// <param name="x">x_n, [B, T, Din], borrowed.</param>
    /// <param name="blocks">Block n's own factors first, then those of n−1, n−2, … n−m.</param>
    /// <param name="dropout">The share of x that is set to 0 in training (a fresh mask for each block); 0 for none.</param>
    /// <returns>New tensor [B, T, Dout], owned by the caller.</returns>
    public static Tensor BlockShortcut(Tensor x, IReadOnlyList<LoraPair> blocks, double dropout = 0)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        using var scope = NewDisposeScope();
        var sum = LoraMath.Delta(x, blocks[0], dropout);
        foreach (var block in blocks.Skip(1))
        {
            sum = sum + LoraMath.Delta(x, block, dropout);
        }

        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>Middle shortcut, equation 4: Δh_n = s · B_n Σ_{k=0..m} A_{n−k} x_{n−k}.</summary>
    /// <param name="low">A_n x_n, [B, T, R], borrowed.</param>
    /// <param name="previousLow">A_{n−1} x_{n−1}, … A_{n−m} x_{n−m}, each [B, T, R]; borrowed.</param>
    /// <param name="lora">B_n [Dout, R] and scaling s.</param>
    /// <returns>New tensor [B, T, Dout], owned by the caller.</returns>
    public static Tensor MiddleShortcut(Tensor low, IReadOnlyList<Tensor> previousLow, LoraPair lora)
    {
        ArgumentNullException.ThrowIfNull(previousLow);
        using var scope = NewDisposeScope();
        var sum = low;
        foreach (var earlier in previousLow)
        {
            sum = sum + earlier;   // [B, T, R]
        }

        return LoraMath.Up(sum, lora).MoveToOuterDisposeScope();   // [B, T, R] -> [B, T, Dout]
    }

    /// <summary>Exact merge of the block shortcut, equation 5, as one LoRA of rank R·(m+1): A's stacked, B's side by side.</summary>
    /// <param name="blocks">Block n's own factors first, then those of n−1, … n−m.</param>
    /// <returns>A [R·(m+1), Din] and B [Dout, R·(m+1)], new tensors owned by the caller, with the blocks' scaling.</returns>
    public static LoraPair MergeBlocks(IReadOnlyList<LoraPair> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        return new LoraPair(
            cat([.. blocks.Select(b => b.A)], dim: 0),
            cat([.. blocks.Select(b => b.B)], dim: 1),
            blocks[0].Scaling);
    }

    /// <summary>
    /// Merge of the input shortcut, equations 6 and 7, and of the middle shortcut by inputs, equation 12:
    /// W*_n = W_n + s (1 + α_n) B_n A_n. Approximate: it takes x_{n−1} for α_n x_n.
    /// </summary>
    /// <param name="lora">A_n [R, Din], B_n [Dout, R], scaling s.</param>
    /// <param name="alpha">α_n.</param>
    /// <returns>A_n and (1 + α_n) B_n, new tensors owned by the caller.</returns>
    public static LoraPair MergeScaled(LoraPair lora, double alpha) =>
        new(lora.A.clone(), lora.B * (1 + alpha), lora.Scaling);

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

        return new LoraPair(sum.clone().MoveToOuterDisposeScope(), lora.B.clone().MoveToOuterDisposeScope(), lora.Scaling);
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
}
