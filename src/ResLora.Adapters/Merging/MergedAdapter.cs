using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>One block after the merge: an ordinary update of its layer.</summary>
/// <param name="Update">The update; owned by the <see cref="MergedAdapter"/>.</param>
/// <param name="Alphas">
/// What stood in for the shortcut, its weight γ included: α_n alone, or α_{n,0} = 1, α_{n,1}, … under the middle shortcut's merge by
/// weights; empty when the merge is exact, by least squares, or leaves the shortcut out.
/// </param>
public sealed record MergedBlock(MergedUpdate Update, IReadOnlyList<double> Alphas)
{
    /// <summary>The layer's dotted name.</summary>
    public string ModuleName => Update.Site.Name;
}

/// <summary>An adapter without shortcuts, made from one with them: ordinary updates of layers.</summary>
/// <param name="adapted">The adapted model that was merged; borrowed.</param>
/// <param name="method">How it was merged.</param>
/// <param name="blocks">The merged blocks; owned by the new object.</param>
public sealed class MergedAdapter(AdaptedModel adapted, MergeMethod method, IReadOnlyList<MergedBlock> blocks) : IDisposable
{
    /// <summary>How the shortcuts were merged.</summary>
    public MergeMethod Method => method;

    /// <summary>Whether the merged model computes the same function; only rounding differs.</summary>
    public bool IsExact => method == MergeMethod.Exact;

    /// <summary>The merged blocks, in the order of the model's modules.</summary>
    public IReadOnlyList<MergedBlock> Blocks => blocks;

    /// <summary>The adapted model that was merged; borrowed.</summary>
    internal AdaptedModel Adapted => adapted;

    /// <summary>
    /// W*_n of one layer: a new tensor, W_n stays as it is.
    /// </summary>
    /// <param name="block">One of <see cref="Blocks"/>.</param>
    /// <returns>New tensor in the shape and dtype of the base's weight, owned by the caller.</returns>
    public Tensor MergedWeight(MergedBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return blocks.Contains(block) ? block.Update.MergedWeight() : throw new ArgumentException(
            "It is none of this adapter's blocks.", nameof(block));
    }

    /// <summary>Puts plain layers with the merged weights in the blocks' places; disposing the result unmerges.</summary>
    /// <returns>The merge in force.</returns>
    public IDisposable Apply() => new AppliedMerge(adapted, this);

    /// <summary>Frees the merged factors.</summary>
    public void Dispose()
    {
        foreach (var block in blocks)
        {
            block.Update.Dispose();
        }
    }
}
