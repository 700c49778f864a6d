using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

/// <summary>A linear layer whose output, with dropout, is added to what came before and normed.</summary>
internal sealed class BertResidual : Module
{
    private readonly BertConfig _config;
    [ComponentName(Name = "dense")] private readonly Module<Tensor, Tensor> _dense;
    [ComponentName(Name = "LayerNorm")] private readonly LayerNormalization _norm;

    public BertResidual(BertConfig config, long inputs) : base(nameof(BertResidual))
    {
        _config = config;
        _dense = Slots.Linear(inputs, config.HiddenSize, bias: true);
        _norm = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor before)   // [B, T, Din], [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var added = functional.dropout(_dense.call(x), _config.HiddenDropout, training) + before;
        return _norm.call(added).MoveToOuterDisposeScope();
    }
}

/// <summary>Attention with the residual around it.</summary>
internal sealed class BertAttention : Module
{
    [ComponentName(Name = "self")] private readonly SelfAttention _self;
    [ComponentName(Name = "output")] private readonly BertResidual _output;

    public BertAttention(BertConfig config) : base(nameof(BertAttention))
    {
        _self = new SelfAttention(config.HiddenSize, config.HeadCount, config.AttentionDropout, bias: true);
        _output = new BertResidual(config, config.HiddenSize);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor? mask)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        return _output.Forward(_self.Forward(x, mask), x).MoveToOuterDisposeScope();
    }
}

/// <summary>One layer: attention and MLP, each followed by a norm over its sum with what came before.</summary>
internal sealed class BertLayer : Module
{
    [ComponentName(Name = "attention")] private readonly BertAttention _attention;
    [ComponentName(Name = "intermediate")] private readonly ActivatedLinear _intermediate;
    [ComponentName(Name = "output")] private readonly BertResidual _output;

    public BertLayer(BertConfig config) : base(nameof(BertLayer))
    {
        _attention = new BertAttention(config);
        _intermediate = new ActivatedLinear(config.HiddenSize, config.IntermediateSize, config.Activation);
        _output = new BertResidual(config, config.IntermediateSize);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor? mask)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var attended = _attention.Forward(x, mask);
        return _output.Forward(_intermediate.Forward(attended), attended).MoveToOuterDisposeScope();
    }
}
