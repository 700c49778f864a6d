using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Ia3;

/// <summary>W* = l ⊙ W by rows or by columns; by rows the bias goes along.</summary>
/// <param name="site">The layer.</param>
/// <param name="vector">l, [Dout, 1] or [1, Din]; becomes the update's.</param>
/// <param name="byColumns">Whether it is [1, Din].</param>
internal sealed class Ia3Update(LayerSite site, Tensor vector, bool byColumns) : MergedUpdate(site)
{
    public override long Rank => Math.Min(Site.InFeatures, Site.OutFeatures);

    public override AdapterMethod? StoredAs => AdapterMethods.Ia3;

    public override IReadOnlyList<KeyValuePair<string, Tensor>> Factors => [KeyValuePair.Create(Ia3Block.VectorName, vector)];

    public override Tensor Change(Tensor input)
    {
        using var scope = NewDisposeScope();
        var change = Site.OfMatrix((vector - 1) * Site.Matrix(Site.Weight).to(float32)).to(input.dtype);
        var product = Site.Product(input, change);
        return (
            Site.Bias is { } bias && !byColumns ? product + Site.PerOutput(
                bias * (vector.flatten() - 1)) : product).MoveToOuterDisposeScope();
    }

    public override MergedUpdate WithoutEffect() => new Ia3Update(Site, ones_like(vector), byColumns).Keep();

    internal override (nn.Module<Tensor, Tensor> Layer, IReadOnlyList<Parameter> Own) PlainLayer()
    {
        if (Site.Bias is not { } old || byColumns)
        {
            return base.PlainLayer();
        }

        using var noGradient = no_grad();
        var (weight, bias) = (LayerSite.Frozen(MergedWeight()), LayerSite.Frozen(Stretched()));
        var plain = nn.Linear(Site.InFeatures, Site.OutFeatures, device: META);
        (plain.weight, plain.bias) = (weight, bias);
        return (plain, [weight, bias]);

        Tensor Stretched()
        {
            using var scope = NewDisposeScope();
            return (old.to(float32) * vector.flatten()).to(old.dtype).MoveToOuterDisposeScope();
        }
    }

    internal override Tensor ExactWeight()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return Site.OfMatrix(vector * Site.Matrix(Site.Weight).to(float32)).MoveToOuterDisposeScope();
    }
}
