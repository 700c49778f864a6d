using ResLora.Models.Diffusion;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.UNet;

/// <summary>Residual blocks, each with a transformer behind it where the block has any. The base of what a UNet is made of.</summary>
internal abstract class UNetBlock : Module
{
    /// <summary>Creates the parts.</summary>
    /// <param name="name">The module's name.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="inputs">The channels of what enters each residual block.</param>
    /// <param name="block">The block on the way down whose widths it has.</param>
    /// <param name="transformers">How many transformers there are.</param>
    protected UNetBlock(string name, UNetConfig config, IEnumerable<long> inputs, int block, int transformers) : base(name)
    {
        Layers = new ModuleList<ResNetBlock>(
            [.. inputs.Select(channels => new ResNetBlock(UNetShape.ResNet(config, channels, config.Channels[block])))]);
        var shape = UNetTransformerShape.Of(config, block);
        Transformers = transformers == 0
            ? null
            : new ModuleList<UNetTransformer>([.. Enumerable.Range(0, transformers).Select(_ => new UNetTransformer(config, shape))]);
    }

    [field: ComponentName(Name = "resnets")]
    public ModuleList<ResNetBlock> Layers { get; }

    [field: ComponentName(Name = "attentions")]
    public ModuleList<UNetTransformer>? Transformers { get; }

    /// <summary>Runs a residual block and the transformer behind it, if there is one.</summary>
    /// <param name="layer">Which.</param>
    /// <param name="inputs">[B, C, Y, X], the time [B, E] and the text [B, S, D]; borrowed.</param>
    /// <returns>New tensor [B, C', Y, X], owned by the caller.</returns>
    public Tensor Run(int layer, IReadOnlyList<Tensor> inputs)
    {
        var hidden = Layers[layer].Forward(inputs[0], inputs[1]);
        if (Transformers is null)
        {
            return hidden;
        }

        using var borrowed = hidden;
        return Transformers[layer].Forward(hidden, inputs[2]);
    }
}

/// <summary>A block on the way down.</summary>
internal sealed class UNetDownBlock : UNetBlock
{
    public UNetDownBlock(UNetConfig config, int block) : base(
        nameof(UNetDownBlock), config, Inputs(config, block), block, TransformerCount(config, block))
    {
        Sampler = block == config.Channels.Count - 1
            ? null
            : new ModuleList<Downsampler>([new Downsampler(config.Channels[block], DownsamplePadding.Around)]);
        RegisterComponents();
    }

    [field: ComponentName(Name = "downsamplers")]
    public ModuleList<Downsampler>? Sampler { get; }

    private static IEnumerable<long> Inputs(UNetConfig config, int block) => Enumerable.Range(0, config.Layers.Of(block))
        .Select(layer => (long)config.Channels[layer == 0 ? Math.Max(block - 1, 0) : block]);

    private static int TransformerCount(UNetConfig config, int block) =>
        config.DownBlocks[block] == UNetConfigProblems.CrossDown ? config.Layers.Of(block) : 0;
}

/// <summary>The block between both ways: a residual block, a transformer, and another residual block.</summary>
internal sealed class UNetMidBlock : UNetBlock
{
    public UNetMidBlock(UNetConfig config) : base(
        nameof(UNetMidBlock), config, Enumerable.Repeat(
            (long)config.Channels[^1], 2), config.Channels.Count - 1, transformers: 1) => RegisterComponents();

    /// <summary>Runs the whole block, as <see cref="UNetBlock.Run"/> runs a part.</summary>
    public Tensor Run(IReadOnlyList<Tensor> inputs)
    {
        using var scope = NewDisposeScope();
        var hidden = Transformers![0].Forward(Layers[0].Forward(inputs[0], inputs[1]), inputs[2]);
        return Layers[1].Forward(hidden, inputs[1]).MoveToOuterDisposeScope();
    }
}

/// <summary>A block on the way up.</summary>
internal sealed class UNetUpBlock : UNetBlock
{
    public UNetUpBlock(UNetConfig config, int block) : base(
        nameof(UNetUpBlock), config, UNetShape.UpInputs(config, block), config.Channels.Count - 1 - block, TransformerCount(config, block))
    {
        Sampler = block == config.Channels.Count - 1
            ? null
            : new ModuleList<Upsampler>([new Upsampler(config.Channels[config.Channels.Count - 1 - block])]);
        RegisterComponents();
    }

    [field: ComponentName(Name = "upsamplers")]
    public ModuleList<Upsampler>? Sampler { get; }

    private static int TransformerCount(UNetConfig config, int block) =>
        config.UpBlocks[block] == UNetConfigProblems.CrossUp ? config.Layers.Of(config.Channels.Count - 1 - block) + 1 : 0;
}
