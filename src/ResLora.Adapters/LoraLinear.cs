using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>A frozen linear layer with a trainable low-rank update beside it: h = W x + b + s · B A x.</summary>
/// <remarks>The update is float32; the base may be of any floating dtype.</remarks>
public class LoraLinear : nn.Module<Tensor, Tensor>
{
    /// <summary>Wraps a layer.</summary>
    /// <param name="moduleName">The layer's dotted name in its model.</param>
    /// <param name="baseLayer">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, scaling and dropout.</param>
    /// <param name="generator">The source of the initial A.</param>
    public LoraLinear(string moduleName, Linear baseLayer, AdapterConfig config, Generator generator) : base(nameof(LoraLinear))
    {
        ArgumentNullException.ThrowIfNull(baseLayer);
        ArgumentNullException.ThrowIfNull(config);
        (ModuleName, BaseLayer, Config) = (moduleName, baseLayer, config);
        foreach (var parameter in baseLayer.parameters())
        {
            parameter.requires_grad = false;
        }

        var weight = baseLayer.weight!;
        (OutFeatures, InFeatures) = (weight.shape[0], weight.shape[1]);
        var device = weight.device.type == DeviceType.META ? CPU : weight.device;
        var (a, b) = LoraMath.Initial(OutFeatures, InFeatures, config.Rank, generator);
        A = new Parameter(a.to(device));
        B = new Parameter(b.to(device));
        A.DetachFromDisposeScope();
        B.DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <summary>The layer's dotted name in its model, such as <c>model.layers.0.self_attn.q_proj</c>.</summary>
    public string ModuleName { get; }

    /// <summary>The frozen layer.</summary>
    [field: ComponentName(Name = "base_layer")]
    public Linear BaseLayer { get; }

    /// <summary>A, the down-projection [R, Din], float32.</summary>
    [field: ComponentName(Name = "lora_A")]
    public Parameter A { get; }

    /// <summary>B, the up-projection [Dout, R], float32.</summary>
    [field: ComponentName(Name = "lora_B")]
    public Parameter B { get; }

    /// <summary>Din.</summary>
    public long InFeatures { get; }

    /// <summary>Dout.</summary>
    public long OutFeatures { get; }

    /// <summary>The adapter's settings, with this block's own rank and alpha.</summary>
    public AdapterConfig Config { get; }

    /// <summary>Both factors with the scaling; borrowed.</summary>
    public LoraPair Pair => new(A, B, Config.Scaling);

    /// <summary>The trained parameters under their names in the model.</summary>
    internal virtual IEnumerable<KeyValuePair<string, Parameter>> OwnParameters() =>
    [
        KeyValuePair.Create(ModuleName + PeftFolder.WeightOfA, A),
        KeyValuePair.Create(ModuleName + PeftFolder.WeightOfB, B),
    ];

    /// <summary>The dropout in force: none outside of training.</summary>
    private protected double ActiveDropout => training ? Config.Dropout : 0;

    /// <inheritdoc />
    public override Tensor forward(Tensor input)   // [..., Din] -> [..., Dout]
    {
        using var scope = NewDisposeScope();
        return (BaseLayer.call(input) + Delta(input)).MoveToOuterDisposeScope();
    }

    /// <summary>The update for one input.</summary>
    /// <param name="input">[..., Din], borrowed.</param>
    /// <returns>New tensor [..., Dout], owned by the caller.</returns>
    private protected virtual Tensor Delta(Tensor input) => LoraMath.Delta(input, Pair, ActiveDropout);
}
