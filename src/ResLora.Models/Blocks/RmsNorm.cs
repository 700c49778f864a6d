using System.Diagnostics.CodeAnalysis;
using ResLora.Models.Fused;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>Root-mean-square normalisation: y = w ⊙ x / √(mean(x²) + ε), computed in float32 whatever the dtype of x.</summary>
/// <remarks>Zhang and Sennrich, arXiv:1910.07467, equation 4; the order of casts is that of Hugging Face's LlamaRMSNorm.</remarks>
public sealed class RmsNorm : nn.Module<Tensor, Tensor>, IFusedPart
{
    private readonly double _epsilon;
    [ComponentName(Name = "weight")] private Parameter _weight;

    /// <summary>Creates the module with a weight on the meta device; loading or initialising a model fills it.</summary>
    /// <param name="size">D, the width of the last dimension.</param>
    /// <param name="epsilon">ε, added to the mean square.</param>
    public RmsNorm(long size, double epsilon) : base(nameof(RmsNorm))
    {
        _epsilon = epsilon;
        Weight = new Parameter(empty(size, device: META), requires_grad: false);
    }

    /// <summary>The gain w, [D].</summary>
    public Parameter Weight
    {
        get => _weight;
        [MemberNotNull(nameof(_weight))]
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("weight", value);
            _weight = value;
        }
    }

    /// <summary>Whether the fused kernel is used where it fits; the network sets it for all of its parts. Default true.</summary>
    public bool UsesFusedKernels { get; set; } = true;

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        if (UsesFusedKernels && FusedKernels.Fit(input, Weight))
        {
            return FusedRmsNorm.Apply(input, Weight, _epsilon);
        }

        using var scope = NewDisposeScope();
        var wide = input.to(float32);                                            // [..., D]
        var inverse = (wide.square().mean([-1], keepdim: true) + _epsilon).rsqrt();   // [..., D] -> [..., 1]
        return (Weight * (wide * inverse).to(input.dtype)).MoveToOuterDisposeScope();
    }
}
