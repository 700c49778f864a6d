using ResLora.Models.Blocks;
using ResLora.Models.Diffusion;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Vae;

/// <summary>A level of the encoder.</summary>
internal sealed class VaeDownBlock : Module
{
    [ComponentName(Name = "resnets")] private readonly ModuleList<ResNetBlock> _resnets;
    [ComponentName(Name = "downsamplers")] private readonly ModuleList<Downsampler>? _samplers;

    public VaeDownBlock(VaeConfig config, int level) : base(nameof(VaeDownBlock))
    {
        var (inputs, width) = (config.Widths[Math.Max(0, level - 1)], config.Widths[level]);
        _resnets = new ModuleList<ResNetBlock>([.. Enumerable.Range(0, config.LayerCount).Select(i =>
            new ResNetBlock(new ResNetShape(i == 0 ? inputs : width, width, null, config.NormGroups, VaeModel.Epsilon)))]);
        _samplers = level < config.Widths.Count - 1 ? new ModuleList<Downsampler>(
            new Downsampler(width, DownsamplePadding.RightAndBelow)) : null;
        RegisterComponents();
    }

    public Tensor Forward(Tensor x)   // [B, Cin, Y, X] -> [B, C, Y/2, X/2], or of the same size at the last level
    {
        using var scope = NewDisposeScope();
        foreach (var block in _resnets)
        {
            x = block.Forward(x);
        }

        return (_samplers?[0].Forward(x) ?? x).MoveToOuterDisposeScope();
    }
}

/// <summary>From a picture to the mean and the logarithm of the variance of its latents.</summary>
internal sealed class VaeEncoder : Module
{
    private const int Kernel = 3;

    [ComponentName(Name = "conv_in")] private readonly Module<Tensor, Tensor> _in;
    [ComponentName(Name = "down_blocks")] private readonly ModuleList<VaeDownBlock> _down;
    [ComponentName(Name = "mid_block")] private readonly VaeMiddleBlock _middle;
    [ComponentName(Name = "conv_norm_out")] private readonly GroupNormalization _norm;
    [ComponentName(Name = "conv_out")] private readonly Module<Tensor, Tensor> _out;

    public VaeEncoder(VaeConfig config) : base(nameof(VaeEncoder))
    {
        _in = Slots.Convolution(config.InChannels, config.Widths[0], Kernel, padding: 1);
        _down = new ModuleList<VaeDownBlock>(
            [.. Enumerable.Range(0, config.Widths.Count).Select(level => new VaeDownBlock(config, level))]);
        _middle = new VaeMiddleBlock(config);
        _norm = new GroupNormalization(config.Widths[^1], config.NormGroups, VaeModel.Epsilon);
        _out = Slots.Convolution(config.Widths[^1], 2L * config.LatentChannels, Kernel, padding: 1);
        RegisterComponents();
    }

    public Tensor Forward(Tensor pixels, Action<string, Tensor>? watch)   // [B, 3, Y, X] -> [B, 2 C, Y/f, X/f]
    {
        using var scope = NewDisposeScope();
        var x = _in.call(pixels);
        watch?.Invoke("encoder.conv_in", x);
        for (var i = 0; i < _down.Count; i++)
        {
            var next = _down[i].Forward(x);
            x.Dispose();
            x = next;
            watch?.Invoke($"encoder.down_blocks.{i}", x);
        }

        x = _middle.Forward(x);
        watch?.Invoke("encoder.mid_block", x);
        x = _out.call(functional.silu(_norm.call(x)));
        watch?.Invoke("encoder.conv_out", x);
        return x.MoveToOuterDisposeScope();
    }
}
