using ResLora.Adapters.Layers;
using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>W* = W + ΔW with a ΔW of any rank: it goes into the model, and into no adapter file.</summary>
/// <param name="site">The layer.</param>
/// <param name="delta">ΔW, the matrix [Dout, Din] in float32; becomes the update's.</param>
public sealed class DenseUpdate(LayerSite site, Tensor delta) : MergedUpdate(site)
{
    /// <summary>ΔW [Dout, Din], borrowed.</summary>
    public Tensor Delta => delta;

    /// <inheritdoc />
    public override long Rank => Math.Min(Site.InFeatures, Site.OutFeatures);

    /// <inheritdoc />
    public override AdapterMethod? StoredAs => null;

    /// <inheritdoc />
    public override IReadOnlyList<KeyValuePair<string, Tensor>> Factors => [KeyValuePair.Create("delta_weight", delta)];

    /// <inheritdoc />
    public override Tensor Change(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var scope = NewDisposeScope();
        var weight = Site.OfMatrix(delta);
        return Site.Product(input, input.is_floating_point() ? weight.to(input.dtype) : weight).MoveToOuterDisposeScope();
    }

    internal override Tensor ExactWeight()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return (Site.Weight.to(float32) + Site.OfMatrix(delta)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override MergedUpdate WithoutEffect()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return new DenseUpdate(Site, zeros_like(delta)).Keep();
    }
}
