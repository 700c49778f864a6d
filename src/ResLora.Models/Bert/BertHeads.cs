using System.Diagnostics.CodeAnalysis;
using ResLora.Models.Blocks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

/// <summary>BERT's summary of a text: tanh of a linear layer on the first token.</summary>
internal sealed class BertPooler : Module
{
    [ComponentName(Name = "dense")] private readonly Module<Tensor, Tensor> _dense;

    public BertPooler(BertConfig config) : base(nameof(BertPooler))
    {
        _dense = Blocks.Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor hidden)   // [B, T, D] -> [B, D]
    {
        using var scope = NewDisposeScope();
        var first = hidden.select(1, 0).to(parameters().First().dtype);   // [B, T, D] -> [B, D]; a new pooler is float32
        return _dense.call(first).tanh().MoveToOuterDisposeScope();
    }
}

/// <summary>RoBERTa's classifier: dropout, linear, tanh, dropout, linear, on the first token.</summary>
internal sealed class RobertaClassifier : Module
{
    private readonly double _dropout;
    [ComponentName(Name = "dense")] private readonly Module<Tensor, Tensor> _dense;
    [ComponentName(Name = "out_proj")] private readonly Module<Tensor, Tensor> _output;

    public RobertaClassifier(BertConfig config, int outputs) : base(nameof(RobertaClassifier))
    {
        _dropout = config.ClassifierDropout;
        _dense = Blocks.Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        _output = Blocks.Slots.Linear(config.HiddenSize, outputs, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor hidden)   // [B, T, D] -> [B, N]
    {
        using var scope = NewDisposeScope();
        var first = functional.dropout(hidden.select(1, 0).to(float32), _dropout, training);   // [B, T, D] -> [B, D]
        var inner = functional.dropout(_dense.call(first).tanh(), _dropout, training);          // [B, D]
        return _output.call(inner).MoveToOuterDisposeScope();                                    // [B, D] -> [B, N]
    }
}

/// <summary>Scores of the tokens that may stand where a masked one is; the output matrix is the word embedding.</summary>
internal interface ITokenHead
{
    /// <summary>The scores.</summary>
    /// <param name="hidden">[..., D], borrowed.</param>
    /// <param name="words">The word embedding [V, D], borrowed.</param>
    /// <returns>New tensor [..., V], owned by the caller.</returns>
    Tensor Forward(Tensor hidden, Tensor words);
}

/// <summary>What both families do before the scores: norm(activation(linear(x))).</summary>
internal class TokenTransform : Module
{
    private readonly Func<Tensor, Tensor> _activation;
    private readonly Module<Tensor, Tensor> _dense;
    private readonly LayerNormalization _norm;

    public TokenTransform(BertConfig config) : base(nameof(TokenTransform))
    {
        // RoBERTa's head has GELU whatever the layers have.
        _activation = ActivationFunctions.Get(config.IsRoberta ? "gelu" : config.Activation);
        _dense = Blocks.Slots.Linear(config.HiddenSize, config.HiddenSize, bias: true);
        _norm = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        register_module("dense", _dense);
        register_module(config.IsRoberta ? "layer_norm" : "LayerNorm", _norm);
    }

    /// <summary>The names depend on the family, so that the constructors give them.</summary>
    protected override void RegisterComponents()
    {
    }

    public Tensor Transform(Tensor hidden)   // [..., D] -> [..., D]
    {
        using var scope = NewDisposeScope();
        return _norm.call(_activation(_dense.call(hidden))).MoveToOuterDisposeScope();
    }
}

/// <summary>RoBERTa's head for masked tokens: what checkpoints name <c>lm_head</c>.</summary>
internal sealed class RobertaTokenHead : TokenTransform, ITokenHead, IWeightSlots
{
    private Parameter _bias;

    public RobertaTokenHead(BertConfig config) : base(config) => Bias = new Parameter(empty(config.VocabularySize, device: META), requires_grad: false);

    /// <inheritdoc />
    public IEnumerable<WeightSlot> Slots => [new("bias", SlotKind.Bias, Bias.shape, p => Bias = p)];

    private Parameter Bias
    {
        get => _bias;
        [MemberNotNull(nameof(_bias))]
        set
        {
            value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("bias", value);
            _bias = value;
        }
    }

    /// <inheritdoc />
    public Tensor Forward(Tensor hidden, Tensor words)   // [..., D], [V, D] -> [..., V]
    {
        using var scope = NewDisposeScope();
        return functional.linear(Transform(hidden), words, Bias).MoveToOuterDisposeScope();
    }
}

/// <summary>BERT's head for masked tokens: what checkpoints name <c>cls.predictions</c>.</summary>
internal sealed class BertTokenHead : Module, ITokenHead, IWeightSlots
{
    [ComponentName(Name = "transform")] private readonly TokenTransform _transform;
    [ComponentName(Name = "bias")] private Parameter _bias;

    public BertTokenHead(BertConfig config) : base(nameof(BertTokenHead))
    {
        _transform = new TokenTransform(config);
        Bias = new Parameter(empty(config.VocabularySize, device: META), requires_grad: false);
        RegisterComponents();
    }

    /// <inheritdoc />
    public IEnumerable<WeightSlot> Slots => [new("bias", SlotKind.Bias, Bias.shape, p => Bias = p)];

    private Parameter Bias
    {
        get => _bias;
        [MemberNotNull(nameof(_bias))]
        set
        {
            value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("bias", value);
            _bias = value;
        }
    }

    /// <inheritdoc />
    public Tensor Forward(Tensor hidden, Tensor words)   // [..., D], [V, D] -> [..., V]
    {
        using var scope = NewDisposeScope();
        return functional.linear(_transform.Transform(hidden), words, Bias).MoveToOuterDisposeScope();
    }
}

/// <summary>BERT's <c>cls</c>, which only gives its child a longer name.</summary>
internal sealed class BertTokenHeads : Module
{
    public BertTokenHeads(BertTokenHead predictions) : base(nameof(BertTokenHeads)) => register_module("predictions", predictions);
}
