using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Ia3;

/// <summary>(IA)³: h = l ⊙ (W x + b), or h = W (l ⊙ x) + b where the inputs are stretched. All factors are 1 at first.</summary>
/// <remarks>Liu et al., arXiv:2205.05638, section 3.3.</remarks>
public sealed class Ia3Block : AdapterBlock
{
    internal const string VectorName = "ia3_l";

    /// <summary>Wraps a layer.</summary>
    /// <param name="site">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Which layers' inputs are stretched.</param>
    public Ia3Block(LayerSite site, AdapterConfig config) : base(site, config)
    {
        using var scope = NewDisposeScope();
        StretchesInputs = config.Ia3?.Feedforward?.Matches(site.Name) ?? false;
        Vector = AddFactor(VectorName, StretchesInputs ? ones(1, InFeatures) : ones(OutFeatures, 1));
    }

    /// <summary>Whether the factors are those of inputs; else they are those of outputs, the bias included.</summary>
    public bool StretchesInputs { get; }

    /// <summary>l, float32: [Dout, 1], or [1, Din] for inputs.</summary>
    public Parameter Vector { get; }

    /// <inheritdoc />
    public override long LowWidth => 0;

    /// <inheritdoc />
    public override BlockCost Cost => StretchesInputs ? new(0, true, false, 0) : new(OutFeatures, false, false, 0);

    /// <inheritdoc />
    public override Tensor DeltaWeight()
    {
        using var scope = NewDisposeScope();
        return ((Vector - 1) * Site.Matrix(Site.Weight).to(float32)).MoveToOuterDisposeScope();   // l ⊙ [Dout, Din]
    }

    /// <inheritdoc />
    protected override Tensor Output(Tensor input) =>
        StretchesInputs ? BaseLayer.call(Stretched(input)) : Stretched(BaseLayer.call(input));   // [..., Din] -> [..., Dout]

    /// <inheritdoc />
    protected override Tensor Delta(Tensor input)
    {
        using var scope = NewDisposeScope();
        return (Output(input) - BaseLayer.call(input)).MoveToOuterDisposeScope();
    }

    internal override Tensor ObservedDelta(Tensor input, Tensor? low) => throw NoShortcut();

    internal override Tensor OwnLow(Tensor rows) => throw NoShortcut();

    internal override MergedUpdate MergeExactly()
    {
        using var scope = NewDisposeScope();
        return new Ia3Update(Site, Vector.detach().clone(), StretchesInputs).Keep();
    }

    internal override MergedUpdate MergeScaled(double alpha) => throw NoShortcut();

    internal override MergedUpdate MergeLeastSquares((Tensor Cross, Tensor Moment, double Ridge)? fit) => throw NoShortcut();

    private InvalidOperationException NoShortcut() => new($"'{ModuleName}' has no shortcut.");

    private Tensor Stretched(Tensor activations) => (activations * Vector.flatten()).to(activations.dtype);
}
