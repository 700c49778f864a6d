using ResLora.Models.Blocks;
using ResLora.Models.Diffusion;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Vae;

/// <summary>A level of the decoder.</summary>
internal sealed class VaeUpBlock : Module
{
    [ComponentName(Name = "resnets")] private readonly ModuleList<ResNetBlock> _resnets;
    [ComponentName(Name = "upsamplers")] private readonly ModuleList<Upsampler>? _samplers;

    /// <summary>Creates the level with weights on the meta device.</summary>
    /// <param name="config">The autoencoder's description.</param>
    /// <param name="place">Which on the way up, from 0.</param>
    public VaeUpBlock(VaeConfig config, int place) : base(nameof(VaeUpBlock))
    {
        var level = config.Widths.Count - 1 - place;
        var (inputs, width) = (config.Widths[Math.Min(level + 1, config.Widths.Count - 1)], config.Widths[level]);
        _resnets = new ModuleList<ResNetBlock>([.. Enumerable.Range(0, config.LayerCount + 1).Select(i =>
            new ResNetBlock(new ResNetShape(i == 0 ? inputs : width, width, null, config.NormGroups, VaeModel.Epsilon)))]);
        _samplers = level > 0 ? new ModuleList<Upsampler>(new Upsampler(width)) : null;
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, Cin, Y, X] -> [B, C, 2 Y, 2 X], or of the same size at the last level
    {
        using var scope = NewDisposeScope();
        foreach (var block in _resnets)
        {
            x = block.Forward(x);
        }

        return (_samplers?[0].Forward(x) ?? x).MoveToOuterDisposeScope();
    }
}

/// <summary>From latents to a picture.</summary>
internal sealed class VaeDecoder : Module
{
    private const int Kernel = 3;

    [ComponentName(Name = "conv_in")] private readonly Module<Tensor, Tensor> _in;
    [ComponentName(Name = "mid_block")] private readonly VaeMiddleBlock _middle;
    [ComponentName(Name = "up_blocks")] private readonly ModuleList<VaeUpBlock> _up;
    [ComponentName(Name = "conv_norm_out")] private readonly GroupNormalization _norm;
    [ComponentName(Name = "conv_out")] private readonly Module<Tensor, Tensor> _out;

    public VaeDecoder(VaeConfig config) : base(nameof(VaeDecoder))
    {
        _in = Slots.Convolution(config.LatentChannels, config.Widths[^1], Kernel, padding: 1);
        _middle = new VaeMiddleBlock(config);
        _up = new ModuleList<VaeUpBlock>([.. Enumerable.Range(0, config.Widths.Count).Select(place => new VaeUpBlock(config, place))]);
        _norm = new GroupNormalization(config.Widths[0], config.NormGroups, VaeModel.Epsilon);
        _out = Slots.Convolution(config.Widths[0], config.OutChannels, Kernel, padding: 1);
        RegisterComponents();
    }

    public Tensor Forward(Tensor latents, Action<string, Tensor>? watch)   // [B, C, Y, X] -> [B, 3, f Y, f X]
    {
        using var scope = NewDisposeScope();
        var x = _in.call(latents);
        watch?.Invoke("decoder.conv_in", x);
        x = _middle.Forward(x);
        watch?.Invoke("decoder.mid_block", x);
        for (var i = 0; i < _up.Count; i++)
        {
            var next = _up[i].Forward(x);
            x.Dispose();
            x = next;
            watch?.Invoke($"decoder.up_blocks.{i}", x);
        }

        return _out.call(functional.silu(_norm.call(x))).MoveToOuterDisposeScope();
    }
}
