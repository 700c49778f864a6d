using System.Diagnostics.CodeAnalysis;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>Layer normalisation: y = w ⊙ (x − mean(x)) / √(var(x) + ε) + b over the last dimension.</summary>
/// <remarks>
/// Ba et al., arXiv:1607.06450, equation 4. Weights wait on the meta device until a model is loaded, which TorchSharp's own module does not
/// do.
/// </remarks>
internal sealed class LayerNormalization : nn.Module<Tensor, Tensor>, IWeightSlots
{
    private readonly long _size;
    private readonly double _epsilon;
    [ComponentName(Name = "weight")] private Parameter _weight;
    [ComponentName(Name = "bias")] private Parameter _bias;

    /// <summary>Creates the module.</summary>
    /// <param name="size">D, the width of the last dimension.</param>
    /// <param name="epsilon">ε, added to the variance.</param>
    public LayerNormalization(long size, double epsilon) : base(nameof(LayerNormalization))
    {
        (_size, _epsilon) = (size, epsilon);
        Weight = new Parameter(empty(size, device: META), requires_grad: false);
        Bias = new Parameter(empty(size, device: META), requires_grad: false);
    }

    /// <inheritdoc />
    public IEnumerable<WeightSlot> Slots =>
    [
        new("weight", SlotKind.Norm, [_size], p => Weight = p),
        new("bias", SlotKind.Bias, [_size], p => Bias = p),
    ];

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
        nn.functional.layer_norm(input, [_size], Weight, Bias, _epsilon);   // [..., D] -> [..., D]
}
