using System.Diagnostics.CodeAnalysis;
using ResLora.Models.Blocks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

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
