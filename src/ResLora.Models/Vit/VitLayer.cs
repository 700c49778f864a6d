using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Vit;

/// <summary>A linear layer whose output, with dropout, is added to what came before.</summary>
internal sealed class VitResidual : Module
{
    private readonly double _dropout;
    [ComponentName(Name = "dense")] private readonly Module<Tensor, Tensor> _dense;

    public VitResidual(VitConfig config, long inputs) : base(nameof(VitResidual))
    {
        _dropout = config.HiddenDropout;
        _dense = Slots.Linear(inputs, config.HiddenSize, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor before)   // [B, T, Din], [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        return (functional.dropout(_dense.call(x), _dropout, training) + before).MoveToOuterDisposeScope();
    }
}

/// <summary>Attention and what it adds to the residual stream.</summary>
internal sealed class VitAttention : Module
{
    [ComponentName(Name = "attention")] private readonly SelfAttention _attention;
    [ComponentName(Name = "output")] private readonly VitResidual _output;

    public VitAttention(VitConfig config) : base(nameof(VitAttention))
    {
        _attention = new SelfAttention(
            config.HiddenSize, config.HeadCount, config.AttentionDropout, config.ProjectionBias, byProducts: true);
        _output = new VitResidual(config, config.HiddenSize);
        RegisterComponents();
    }

    public Tensor Forward(Tensor normed, Tensor before)   // [B, T, D], [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        return _output.Forward(_attention.Forward(normed, mask: null), before).MoveToOuterDisposeScope();
    }
}

/// <summary>One layer: attention and MLP, each with a norm before it.</summary>
internal sealed class VitLayer : Module
{
    [ComponentName(Name = "layernorm_before")] private readonly LayerNormalization _before;
    [ComponentName(Name = "attention")] private readonly VitAttention _attention;
    [ComponentName(Name = "layernorm_after")] private readonly LayerNormalization _after;
    [ComponentName(Name = "intermediate")] private readonly ActivatedLinear _intermediate;
    [ComponentName(Name = "output")] private readonly VitResidual _output;

    public VitLayer(VitConfig config) : base(nameof(VitLayer))
    {
        _before = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        _attention = new VitAttention(config);
        _after = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        _intermediate = new ActivatedLinear(config.HiddenSize, config.IntermediateSize, config.Activation);
        _output = new VitResidual(config, config.IntermediateSize);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var attended = _attention.Forward(_before.call(x), x);
        return _output.Forward(_intermediate.Forward(_after.call(attended)), attended).MoveToOuterDisposeScope();
    }
}
