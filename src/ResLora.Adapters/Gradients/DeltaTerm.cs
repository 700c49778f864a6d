namespace ResLora.Adapters.Gradients;

/// <summary>
/// One of the products that a block's update is the sum of: Δh_n = Σ w · s · B_u A_v x_i. Its own is B_n A_n x_n; a shortcut adds
/// γ B_n A_n x_{n−1} (input), γ B_{n−k} A_{n−k} x_n (block) or γ B_n A_{n−k} x_{n−k} (middle): equations 2 to 4, term by term.
/// </summary>
/// <param name="Block">Block n, to whose output the product is added.</param>
/// <param name="Up">Whose B it has.</param>
/// <param name="Down">Whose A it has.</param>
/// <param name="Input">Whose input it has.</param>
/// <param name="Weight">w: γ, the weight of the shortcut; 1 for the block's own, or 1 + γ where the first block's input counts
/// twice.</param>
public sealed record DeltaTerm(LowRankBlock Block, LowRankBlock Up, LowRankBlock Down, LowRankBlock Input, double Weight)
{
    /// <summary>Whether it is the block's own and no shortcut's.</summary>
    public bool IsOwn => Up == Block && Down == Block && Input == Block;

    /// <summary>A_v, B_u and the scaling of block n; borrowed, as <see cref="LowRankBlock.Pair"/> gives them.</summary>
    public LoraPair Pair => Block.Pair with { A = Down.Pair.A, B = Up.Pair.B };

    /// <summary>The products of a block's update, its own first.</summary>
    /// <param name="block">The block.</param>
    /// <returns>One, and one for each block that a shortcut of weight above 0 reads.</returns>
    public static IReadOnlyList<DeltaTerm> Of(LowRankBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        var traits = block.Config.Shortcut.Traits;
        var read = block.ShortcutWeight == 0 ? [] : block.Previous.Cast<LowRankBlock>();
        return
        [
            new DeltaTerm(block, block, block, block, block.OwnWeight),
            .. read.Select(earlier => new DeltaTerm(
                block,
                traits.AddsUpdates ? earlier : block,
                traits.AddsUpdates || traits.AddsLows ? earlier : block,
                traits.AddsActivations ? earlier : block,
                block.ShortcutWeight)),
        ];
    }
}
