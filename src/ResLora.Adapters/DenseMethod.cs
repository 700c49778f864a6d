using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;

namespace ResLora.Adapters;

/// <summary>A method whose update ΔW is a matrix of any rank: it has no middle, and fits into no adapter of two factors.</summary>
public abstract class DenseMethod : AdapterMethod
{
    /// <inheritdoc />
    public override string? BesidesLora => $"dense updates ({Title})";

    /// <inheritdoc />
    // As PEFT: its dense updates know no embeddings.
    public override bool Takes(LayerSite site) => site is not EmbeddingSite;

    /// <inheritdoc />
    public override bool HasMergedAdapter => false;

    /// <inheritdoc />
    public override string PeftScaling => "alpha / r";

    /// <inheritdoc />
    public override IEnumerable<string> Problems(AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Dropout > 0)
        {
            yield return $"dropout is {config.Dropout}, and {Title} has none on its input; leave it out";
        }

        if (config.RankStabilized)
        {
            yield return $"rankStabilized is true, and {Title}'s scaling is alpha / rank";
        }
    }

    /// <inheritdoc />
    public override string? WhyNot(ShortcutKind kind) =>
        ShortcutTraits.Of(kind).AddsLows
            ? "its update has no low-rank middle that could be handed on; take the input or the block shortcut"
            : null;

    /// <inheritdoc />
    public override IReadOnlyList<MergeMethod> Merges(ShortcutKind kind, double weight) =>
        kind == ShortcutKind.Input && weight > 0
            ? [MergeMethod.LeastSquares, MergeMethod.Input, MergeMethod.Dropped]
            : base.Merges(kind, weight);
}
