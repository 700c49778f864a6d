using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Lora;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Dora;

/// <summary>
/// A LoRA block whose layer's rows have lengths of their own (DoRA): h = g ⊙ (W x + Δh) + b. The formulas are in <see cref="DoraMath"/>.
/// </summary>
public sealed class DoraBlock : LoraBlock
{
    internal const string MagnitudeName = "lora_magnitude_vector";

    /// <summary>Wraps a layer.</summary>
    /// <param name="site">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, scaling, dropout and shortcut.</param>
    /// <param name="generator">The source of the initial A.</param>
    public DoraBlock(LayerSite site, AdapterConfig config, Generator generator) : base(site, config, generator)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var weight = site.Weight;
        // B is 0 at first, so that m is the lengths of W's rows.
        var lengths = weight.device.type == DeviceType.META ? empty(OutFeatures) : linalg.norm(site.Matrix(weight.to(float32)), dims: [1]);
        Magnitude = AddFactor(MagnitudeName, site.PerOutput(lengths));
    }

    /// <summary>m, the lengths of the rows [Dout], float32; at other layers than linear ones shaped like an output's channels.</summary>
    public Parameter Magnitude { get; }

    /// <inheritdoc />
    public override BlockCost Cost => base.Cost with { PerToken = base.Cost.PerToken + OutFeatures, Fixed = 2 * OutFeatures };

    /// <inheritdoc />
    public override LoraPair? AsLowRank() => null;

    /// <inheritdoc />
    protected override Tensor Output(Tensor input)
    {
        var gain = Site.PerOutput(Gain()).to(Site.Weight.dtype);                  // [Dout]
        var sum = Site.Product(input, Site.Weight) + Delta(input);                // [..., Din] -> [..., Dout]
        var output = gain * sum;
        return Site.Bias is { } bias ? output + Site.PerOutput(bias) : output;
    }

    internal override Tensor Change(Tensor input, Tensor delta) =>
        DoraMath.Change(Site.Product(input, Site.Weight), delta, Site.PerOutput(Gain()));

    private protected override MergedUpdate Finish(LoraPair pair, bool keepsSum)
    {
        if (keepsSum)
        {
            return new DoraUpdate(Site, pair, Magnitude.detach().clone());
        }

        // The rows of the merged weight are g ⊙ (W + s · B A*), with the g that the block was trained with: as a DoRA's lengths they are m.
        var lengths = Gain() * DoraMath.Lengths(Site.Matrix(Site.Weight), pair);
        return new DoraUpdate(Site, pair, Site.PerOutput(lengths).clone());
    }

    /// <summary>g [Dout], over the sum of the blocks under the block shortcut, else over the block's own factors.</summary>
    private Tensor Gain()
    {
        using var scope = NewDisposeScope();
        var pair = SumsUpdates && Previous.Count > 0 ? ResLoraMath.MergeBlocks(Summed(), ShortcutWeight) : Pair;
        return DoraMath.Gain(Site.Matrix(Site.Weight), pair, Magnitude).MoveToOuterDisposeScope();
    }
}
