using System.Diagnostics.CodeAnalysis;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>Group normalisation: y = w ⊙ (x − mean(x)) / √(var(x) + ε) + b, mean and variance over each group of channels.</summary>
/// <remarks>Wu and He, arXiv:1803.08494, equations 1 to 7. Weights wait on the meta device until a model is loaded.</remarks>
internal sealed class GroupNormalization : nn.Module<Tensor, Tensor>, IWeightSlots
{
    private readonly (long Channels, long Groups, double Epsilon) _terms;
    [ComponentName(Name = "weight")] private Parameter _weight;
    [ComponentName(Name = "bias")] private Parameter _bias;

    /// <summary>Creates the module.</summary>
    /// <param name="channels">C.</param>
    /// <param name="groups">The groups that C falls into, of one size.</param>
    /// <param name="epsilon">ε, added to the variance.</param>
    public GroupNormalization(long channels, long groups, double epsilon) : base(nameof(GroupNormalization))
    {
        _terms = (channels, groups, epsilon);
        Weight = new Parameter(empty(channels, device: META), requires_grad: false);
        Bias = new Parameter(empty(channels, device: META), requires_grad: false);
    }

    /// <inheritdoc />
    public IEnumerable<WeightSlot> Slots =>
    [
        new("weight", SlotKind.Norm, [_terms.Channels], p => Weight = p),
        new("bias", SlotKind.Bias, [_terms.Channels], p => Bias = p),
    ];

    /// <summary>The gain w, [C], borrowed.</summary>
    public Tensor Gain => Weight;

    private Parameter Weight
    {
        get => _weight;
        [MemberNotNull(nameof(_weight))]
        set
        {
            value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("weight", value);
            _weight = value;
        }
    }

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
    public override Tensor forward(Tensor input) =>
        nn.functional.group_norm(input, _terms.Groups, Weight, Bias, _terms.Epsilon);   // [B, C, ...] -> [B, C, ...]
}
