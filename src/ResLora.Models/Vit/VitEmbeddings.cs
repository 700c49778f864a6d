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

    public Tensor Forward(Tensor pixels)   // [B, C, Y, X] -> [B, patches, D]
    {
        using var scope = NewDisposeScope();
        return _projection.call(pixels).flatten(2).transpose(1, 2).MoveToOuterDisposeScope();
    }
}

/// <summary>
/// What enters the first layer: the token of the whole picture, perhaps one for distillation, and those of the parts, with their positions
/// and dropout.
/// </summary>
internal sealed class VitEmbeddings : Module, IWeightSlots
{
    private readonly VitConfig _config;
    [ComponentName(Name = "patch_embeddings")] private readonly VitPatches _patches;
    [ComponentName(Name = "cls_token")] private Parameter _whole;
    [ComponentName(Name = "distillation_token")] private Parameter? _distillation;
    [ComponentName(Name = "position_embeddings")] private Parameter _positions;

    public VitEmbeddings(VitConfig config) : base(nameof(VitEmbeddings))
    {
        _config = config;
        _patches = new VitPatches(config);
        Whole = new Parameter(empty(1, 1, config.HiddenSize, device: META), requires_grad: false);
        Positions = new Parameter(empty(1, config.TokenCount, config.HiddenSize, device: META), requires_grad: false);
        if (config.IsDistilled)
        {
            Distillation = new Parameter(empty(1, 1, config.HiddenSize, device: META), requires_grad: false);
        }

        RegisterComponents();
    }

    /// <inheritdoc />
    public IEnumerable<WeightSlot> Slots =>
    [
        new("cls_token", SlotKind.Weight, Whole.shape, p => Whole = p),
        new("position_embeddings", SlotKind.Weight, Positions.shape, p => Positions = p),
        .. Distillation is { } token
            ? new WeightSlot[] { new("distillation_token", SlotKind.Weight, token.shape, p => Distillation = p) }
            : [],
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

    /// <summary>The token for distillation, [1, 1, D]; null where there is none.</summary>
    private Parameter? Distillation
    {
        get => _distillation;
        set
        {
            value!.DetachFromDisposeScope();
            ConditionallyRegisterParameter("distillation_token", value);
            _distillation = value;
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
        var patches = _patches.Forward(pixels);                     // [B, C, Y, X] -> [B, patches, D]
        Parameter[] own = Distillation is { } token ? [Whole, token] : [Whole];
        var tokens = cat([.. own.Select(one => one.expand(pixels.shape[0], -1, -1)), patches], dim: 1);   // -> [B, T, D]
        return functional.dropout(tokens + Positions, _config.HiddenDropout, training).MoveToOuterDisposeScope();
    }
}
