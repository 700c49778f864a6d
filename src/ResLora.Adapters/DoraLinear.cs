using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// A LoRA block whose layer's rows have lengths of their own (DoRA): h = g ⊙ (W x + s · B A x) + b. The formulas are in
/// <see cref="DoraMath"/>.
/// </summary>
public sealed class DoraLinear : LoraLinear
{
    /// <summary>Wraps a layer.</summary>
    /// <param name="moduleName">The layer's dotted name in its model.</param>
    /// <param name="baseLayer">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, scaling and dropout.</param>
    /// <param name="generator">The source of the initial A.</param>
    public DoraLinear(string moduleName, Linear baseLayer, AdapterConfig config, Generator generator)
        : base(moduleName, baseLayer, config, generator)
    {
        using var scope = NewDisposeScope();
        var weight = BaseLayer.weight!;
        // B is 0 at first, so that m is the lengths of W's rows.
        Magnitude = new Parameter(weight.device.type == DeviceType.META ? empty(OutFeatures) : linalg.norm(weight.to(float32), dims: [1]));
        Magnitude.DetachFromDisposeScope();
        register_parameter(PeftFolder.Magnitude.TrimStart('.'), Magnitude);   // the base class has registered all that was there
    }

    /// <summary>m, the lengths of the rows [Dout], float32.</summary>
    public Parameter Magnitude { get; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)   // [..., Din] -> [..., Dout]
    {
        using var scope = NewDisposeScope();
        var gain = DoraMath.Gain(BaseLayer.weight!, Pair, Magnitude).to(input.dtype);                                // [Dout]
        var sum = nn.functional.linear(input, BaseLayer.weight!) + LoraMath.Delta(input, Pair, ActiveDropout);      // [..., Din] -> [..., Dout]
        var output = gain * sum;
        return (BaseLayer.bias is { } bias ? output + bias : output).MoveToOuterDisposeScope();
    }

    internal override IEnumerable<KeyValuePair<string, Parameter>> OwnParameters() =>
        base.OwnParameters().Append(KeyValuePair.Create(ModuleName + PeftFolder.Magnitude, Magnitude));
}
