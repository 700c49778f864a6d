using System.Diagnostics.CodeAnalysis;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>A normalisation with a gain w and a shift b.</summary>
/// <remarks>Both wait on the meta device until a model is loaded, which TorchSharp's own modules do not do.</remarks>
internal abstract class AffineNormalization : nn.Module<Tensor, Tensor>, IWeightSlots
{
    private readonly long _size;
    [ComponentName(Name = "weight")] private Parameter _weight;
    [ComponentName(Name = "bias")] private Parameter _bias;

    /// <summary>Creates the module.</summary>
    /// <param name="name">The module's name.</param>
    /// <param name="size">How many numbers w and b have each.</param>
    protected AffineNormalization(string name, long size) : base(name)
    {
        _size = size;
        Weight = new Parameter(empty(size, device: META), requires_grad: false);
        Bias = new Parameter(empty(size, device: META), requires_grad: false);
    }

    /// <inheritdoc />
    public IEnumerable<WeightSlot> Slots =>
    [
        new("weight", SlotKind.Norm, [_size], p => Weight = p),
        new("bias", SlotKind.Bias, [_size], p => Bias = p),
    ];

    /// <summary>The gain w, [size], borrowed.</summary>
    public Parameter Weight
    {
        get => _weight;
        [MemberNotNull(nameof(_weight))]
        private set
        {
            value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("weight", value);
            _weight = value;
        }
    }

    /// <summary>The shift b, [size], borrowed.</summary>
    protected Parameter Bias
    {
        get => _bias;
        [MemberNotNull(nameof(_bias))]
        private set
        {
            value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("bias", value);
            _bias = value;
        }
    }
}
