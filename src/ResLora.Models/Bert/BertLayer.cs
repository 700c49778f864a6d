using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

/// <summary>Every token's mixture of all others: what checkpoints name <c>attention.self</c>.</summary>
internal sealed class BertSelfAttention : Module
{
    private readonly BertConfig _config;
    [ComponentName(Name = "query")] private readonly Module<Tensor, Tensor> _query;
    [ComponentName(Name = "key")] private readonly Module<Tensor, Tensor> _key;
    [ComponentName(Name = "value")] private readonly Module<Tensor, Tensor> _value;

    public BertSelfAttention(BertConfig config) : base(nameof(BertSelfAttention))
    {
        _config = config;
        _query = Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        _key = Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        _value = Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor? mask)   // [B, T, D], [B, 1, 1, T] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var dropout = training ? _config.AttentionDropout : 0;
        var mixed = functional.scaled_dot_product_attention(Heads(x, _query), Heads(x, _key), Heads(x, _value), mask!, dropout);   // [B, H, T, E]
        return mixed.transpose(1, 2).reshape(x.shape).MoveToOuterDisposeScope();                                                   // [B, T, D]
    }

    private Tensor Heads(Tensor x, Module<Tensor, Tensor> projection) =>   // [B, T, D] -> [B, H, T, E]
        projection.call(x).view(x.shape[0], x.shape[1], _config.HeadCount, -1).transpose(1, 2);
}

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
    [ComponentName(Name = "self")] private readonly BertSelfAttention _self;
    [ComponentName(Name = "output")] private readonly BertResidual _output;

    public BertAttention(BertConfig config) : base(nameof(BertAttention))
    {
        _self = new BertSelfAttention(config);
        _output = new BertResidual(config, config.HiddenSize);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor? mask)   // [B, T, D] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        return _output.Forward(_self.Forward(x, mask), x).MoveToOuterDisposeScope();
    }
}

/// <summary>The first half of the MLP.</summary>
internal sealed class BertIntermediate : Module
{
    private readonly Func<Tensor, Tensor> _activation;
    [ComponentName(Name = "dense")] private readonly Module<Tensor, Tensor> _dense;

    public BertIntermediate(BertConfig config) : base(nameof(BertIntermediate))
    {
        _activation = ActivationFunctions.Get(config.Activation);
        _dense = Slots.Linear(config.HiddenSize, config.IntermediateSize, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, T, D] -> [B, T, F]
    {
        using var scope = NewDisposeScope();
        return _activation(_dense.call(x)).MoveToOuterDisposeScope();
    }
}

/// <summary>One layer: attention and MLP, each followed by a norm over its sum with what came before.</summary>
internal sealed class BertLayer : Module
{
    [ComponentName(Name = "attention")] private readonly BertAttention _attention;
    [ComponentName(Name = "intermediate")] private readonly BertIntermediate _intermediate;
    [ComponentName(Name = "output")] private readonly BertResidual _output;

    public BertLayer(BertConfig config) : base(nameof(BertLayer))
    {
        _attention = new BertAttention(config);
        _intermediate = new BertIntermediate(config);
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
