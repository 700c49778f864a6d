using System.Diagnostics.CodeAnalysis;
using ResLora.Models.Blocks;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

/// <summary>RoBERTa's head for masked tokens: what checkpoints name <c>lm_head</c>.</summary>
internal sealed class RobertaTokenHead : TokenTransform, ITokenHead, IWeightSlots
{
    private Parameter _bias;

    public RobertaTokenHead(BertConfig config) : base(config) =>
        Bias = new Parameter(empty(config.VocabularySize, device: META), requires_grad: false);

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
