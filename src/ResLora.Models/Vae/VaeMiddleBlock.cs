using ResLora.Models.Diffusion;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Vae;

/// <summary>The lowest level: attention between two blocks.</summary>
internal sealed class VaeMiddleBlock : Module
{
    [ComponentName(Name = "resnets")] private readonly ModuleList<ResNetBlock> _resnets;
    [ComponentName(Name = "attentions")] private readonly ModuleList<VaeAttention>? _attentions;

    public VaeMiddleBlock(VaeConfig config) : base(nameof(VaeMiddleBlock))
    {
        var width = config.Widths[^1];
        ResNetBlock Block() => new(new ResNetShape(width, width, null, config.NormGroups, VaeModel.Epsilon));
        _resnets = new ModuleList<ResNetBlock>(Block(), Block());
        _attentions = config.HasAttention ? new ModuleList<VaeAttention>(new VaeAttention(config, width)) : null;
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, C, Y, X] -> the same
    {
        using var scope = NewDisposeScope();
        var inner = _resnets[0].Forward(x);
        inner = _attentions?[0].Forward(inner) ?? inner;
        return _resnets[1].Forward(inner).MoveToOuterDisposeScope();
    }
}
