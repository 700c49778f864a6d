using System.Diagnostics.CodeAnalysis;
using ResLora.Models.Blocks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Vit;

/// <summary>A token for each part of a picture: a convolution that reads each part once.</summary>
internal sealed class VitPatches : Module
{
    [ComponentName(Name = "projection")] private readonly Module<Tensor, Tensor> _projection;

    public VitPatches(VitConfig config) : base(nameof(VitPatches))
    {
        _projection = Slots.Patches(config.Channels, config.HiddenSize, config.PatchSize);
        RegisterComponents();
    }

    public Tensor Forward(Tensor pixels)   // [B, C, Y, X] -> [B, T - 1, D]
    {
        using var scope = NewDisposeScope();
        return _projection.call(pixels).flatten(2).transpose(1, 2).MoveToOuterDisposeScope();
    }
}

/// <summary>What enters the first layer: the token of the whole picture and those of its parts, with their positions and dropout.</summary>
internal sealed class VitEmbeddings : Module, IWeightSlots
{
    private readonly VitConfig _config;
    [ComponentName(Name = "patch_embeddings")] private readonly VitPatches _patches;
    [ComponentName(Name = "cls_token")] private Parameter _whole;
    [ComponentName(Name = "position_embeddings")] private Parameter _positions;

    public VitEmbeddings(VitConfig config) : base(nameof(VitEmbeddings))
    {
        _config = config;
        _patches = new VitPatches(config);
        Whole = new Parameter(empty(1, 1, config.HiddenSize, device: META), requires_grad: false);
        Positions = new Parameter(empty(1, config.PatchCount + 1, config.HiddenSize, device: META), requires_grad: false);
        RegisterComponents();
    }

    /// <inheritdoc />
    public IEnumerable<WeightSlot> Slots =>
    [
        new("cls_token", SlotKind.Weight, Whole.shape, p => Whole = p),
        new("position_embeddings", SlotKind.Weight, Positions.shape, p => Positions = p),
    ];

    /// <summary>The token of the whole picture, [1, 1, D].</summary>
    public Parameter Whole
    {
        get => _whole;
        [MemberNotNull(nameof(_whole))]
        private set
        {
            value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("cls_token", value);
            _whole = value;
        }
    }

    /// <summary>[1, T, D].</summary>
    private Parameter Positions
    {
        get => _positions;
        [MemberNotNull(nameof(_positions))]
        set
        {
            value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("position_embeddings", value);
            _positions = value;
        }
    }

    public Tensor Forward(Tensor pixels)   // [B, C, Y, X] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var patches = _patches.Forward(pixels);                                     // [B, C, Y, X] -> [B, T - 1, D]
        var tokens = cat([Whole.expand(pixels.shape[0], -1, -1), patches], dim: 1);   // [B, 1, D], [B, T - 1, D] -> [B, T, D]
        return functional.dropout(tokens + Positions, _config.HiddenDropout, training).MoveToOuterDisposeScope();
    }
}
