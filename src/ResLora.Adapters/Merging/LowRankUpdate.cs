using ResLora.Adapters.Layers;
using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>W* = W + s · B A: plain LoRA.</summary>
/// <param name="site">The layer.</param>
/// <param name="pair">A, B and s; the tensors become the update's.</param>
public sealed class LowRankUpdate(LayerSite site, LoraPair pair) : MergedUpdate(site)
{
    /// <summary>A, B and s; borrowed.</summary>
    public LoraPair Pair => pair;

    /// <inheritdoc />
    public override long Rank => pair.A.shape[0];

    /// <inheritdoc />
    public override double Scaling => pair.Scaling;

    /// <inheritdoc />
    public override AdapterMethod? StoredAs => AdapterMethods.Lora;

    /// <inheritdoc />
    public override IReadOnlyList<KeyValuePair<string, Tensor>> Factors =>
        [KeyValuePair.Create(Site.NameOfA, pair.A), KeyValuePair.Create(Site.NameOfB, pair.B)];

    /// <inheritdoc />
    public override LoraPair? AsLowRank() => pair;

    /// <inheritdoc />
    public override Tensor Change(Tensor input) => LoraMath.Delta(input, pair);

    internal override Tensor ExactWeight() => LoraMath.ExactWeight(Site.Weight, pair);

    /// <inheritdoc />
    public override MergedUpdate WithoutEffect()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return new LowRankUpdate(Site, pair with { A = pair.A.clone(), B = zeros_like(pair.B) }).Keep();
    }
}
