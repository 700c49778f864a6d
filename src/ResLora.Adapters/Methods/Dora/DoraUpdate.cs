using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Dora;

/// <summary>W* = g ⊙ (W + s · B A) with g = m / ‖W + s · B A‖: an ordinary DoRA.</summary>
/// <param name="site">The layer.</param>
/// <param name="pair">A, B and s; the tensors become the update's.</param>
/// <param name="magnitude">m in PEFT's shape; becomes the update's.</param>
internal sealed class DoraUpdate(LayerSite site, LoraPair pair, Tensor magnitude) : MergedUpdate(site)
{
    private Tensor? _gain;

    public override long Rank => pair.A.shape[0];

    public override double Scaling => pair.Scaling;

    public override AdapterMethod? StoredAs => AdapterMethods.Dora;

    public override IReadOnlyList<KeyValuePair<string, Tensor>> Factors =>
    [
        KeyValuePair.Create(Site.NameOfA, pair.A),
        KeyValuePair.Create(Site.NameOfB, pair.B),
        KeyValuePair.Create(DoraBlock.MagnitudeName, magnitude),
    ];

    internal override Tensor ExactWeight()
    {
        using var scope = NewDisposeScope();
        var weight = Site.Matrix(Site.Weight).to(float32);
        return Site.OfMatrix(DoraMath.MergedWeight(weight, pair, magnitude)).MoveToOuterDisposeScope();
    }

    public override Tensor Change(Tensor input)
    {
        using var scope = NewDisposeScope();
        var delta = LoraMath.Delta(input, pair);
        // Of the merged weight the lengths alone are dear, and the same for every batch.
        _gain ??= DoraMath.Gain(Site.Matrix(Site.Weight), pair, magnitude).DetachFromDisposeScope();
        return DoraMath.Change(Site.Product(input, Site.Weight), delta, Site.PerOutput(_gain)).MoveToOuterDisposeScope();
    }

    public override void Dispose()
    {
        _gain?.Dispose();
        base.Dispose();
    }

    public override MergedUpdate WithoutEffect()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var plain = linalg.norm(Site.Matrix(Site.Weight).to(float32), dims: [1]).reshape(magnitude.shape);   // [Dout, Din] -> [Dout]
        return new DoraUpdate(Site, pair with { A = pair.A.clone(), B = zeros_like(pair.B) }, plain).Keep();
    }
}
