using ResLora.Adapters.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Loha;

/// <summary>LoHa: h = W x + b + ΔW x with ΔW = s · (X₁ Y₁) ⊙ (X₂ Y₂). The formulas are in <see cref="LohaMath"/>.</summary>
public sealed class LohaBlock : DenseBlock
{
    private readonly (Parameter? Core, Parameter A, Parameter B) _first;
    private readonly (Parameter? Core, Parameter A, Parameter B) _second;

    /// <summary>Wraps a layer.</summary>
    /// <param name="site">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, alpha and shortcut.</param>
    /// <param name="generator">The source of the first values; one factor is 0.</param>
    public LohaBlock(LayerSite site, AdapterConfig config, Generator generator) : base(site, config)
    {
        using var scope = NewDisposeScope();
        var hasCore = config.Loha is { EffectiveConvolution: true } && Kernel.Any(side => side > 1);
        _first = Factor(1, hasCore, generator, isZero: false);
        _second = Factor(2, hasCore, generator, isZero: true);
    }

    /// <inheritdoc />
    protected override long FixedNumbers
    {
        get
        {
            // Two products in float32 of each block that is read, and their sum in the dtype of the activations.
            return (1 + (2 * Updates * sizeof(float) / Site.Weight.element_size())) * OutFeatures * InFeatures;
        }
    }

    private long[] Kernel => Site.Weight.shape[2..];

    /// <inheritdoc />
    public override Tensor DeltaWeight()
    {
        if (_first.Core is null)
        {
            return LohaMath.DeltaWeight((_first.A, _first.B), (_second.A, _second.B), Scaling);
        }

        using var scope = NewDisposeScope();
        var first = LohaMath.WithCore(_first.Core, _first.A, _first.B);
        var second = LohaMath.WithCore(_second.Core!, _second.A, _second.B);
        return (first * Scaling * second).flatten(1).MoveToOuterDisposeScope();   // [Dout, C, kh, kw] -> [Dout, Din]
    }

    private (Parameter? Core, Parameter A, Parameter B) Factor(int number, bool hasCore, Generator generator, bool isZero)
    {
        var (rank, inputs) = (Config.Rank, hasCore ? Site.Weight.shape[1] : InFeatures);
        // Names and order are PEFT's.
        var a = AddFactor($"hada_w{number}_a", FirstValues.Uniform(hasCore ? [rank, OutFeatures] : [OutFeatures, rank], generator));
        var b = AddFactor($"hada_w{number}_b", isZero ? zeros(rank, inputs) : FirstValues.Uniform([rank, inputs], generator));
        var core = hasCore ? AddFactor($"hada_t{number}", FirstValues.Uniform(LohaMath.ShapeOfCore(rank, Kernel), generator)) : null;
        return (core, a, b);
    }
}
