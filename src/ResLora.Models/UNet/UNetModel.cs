using ResLora.Models.Blocks;
using ResLora.Models.Diffusion.SingleFile;
using ResLora.Models.Memory;
using ResLora.Tensors;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.UNet;

/// <summary>
/// The network of Stable Diffusion 1 and 2 that says of noisy latents, of the time and of a text what the noise is, or the velocity.
/// </summary>
/// <remarks>
/// Rombach et al., arXiv:2112.10752; the UNet: Ronneberger et al., arXiv:1505.04597. Names of weights and configuration are diffusers'.
/// </remarks>
public sealed class UNetModel : Denoiser
{
    private IReadOnlyList<string>? _order;
    [ComponentName(Name = "time_embedding")] private readonly UNetTimeEmbedding _time;
    [ComponentName(Name = "conv_in")] private readonly Module<Tensor, Tensor> _entry;
    [ComponentName(Name = "down_blocks")] private readonly ModuleList<UNetDownBlock> _down;
    [ComponentName(Name = "mid_block")] private readonly UNetMidBlock _middle;
    [ComponentName(Name = "up_blocks")] private readonly ModuleList<UNetUpBlock> _up;
    [ComponentName(Name = "conv_norm_out")] private readonly GroupNormalization _norm;
    [ComponentName(Name = "conv_out")] private readonly Module<Tensor, Tensor> _exit;

    /// <summary>Builds the network on the meta device: no weight is allocated before <see cref="ModelWeights"/> gives it one.</summary>
    /// <param name="config">The network's description, free of problems.</param>
    public UNetModel(UNetConfig config) : base(nameof(UNetModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        var blocks = Enumerable.Range(0, config.Channels.Count);
        _time = new UNetTimeEmbedding(config);
        _entry = Blocks.Slots.Convolution(config.InChannels, config.Channels[0], kernel: 3, padding: 1);
        _down = new ModuleList<UNetDownBlock>([.. blocks.Select(block => new UNetDownBlock(config, block))]);
        _middle = new UNetMidBlock(config);
        _up = new ModuleList<UNetUpBlock>([.. blocks.Select(block => new UNetUpBlock(config, block))]);
        _norm = new GroupNormalization(config.Channels[0], config.NormGroups, config.NormEpsilon);
        _exit = Blocks.Slots.Convolution(config.Channels[0], config.OutChannels, kernel: 3, padding: 1);
        RegisterComponents();
    }

    /// <summary>The network's description.</summary>
    public UNetConfig Config { get; }

    /// <summary>The residual blocks with the transformers behind them; the middle counts as one.</summary>
    public override int LayerCount => _down.Sum(block => block.Layers.Count) + 1 + _up.Sum(block => block.Layers.Count);

    /// <inheritdoc />
    public override ScalarType DataType => _norm.Weight.dtype;

    /// <inheritdoc />
    public override Device Device => _norm.Weight.device;

    /// <inheritdoc />
    public override IReadOnlyList<string> UsualTargets { get; } = ["to_q", "to_k", "to_v", "to_out.0"];

    /// <inheritdoc />
    // With another number of layers in each block, names cannot be counted.
    public override string? OriginalName(string layer) => Config.Layers.Values.Distinct().Take(2).Count() == 1
        ? new OriginalLayers(Config.Layers.Values[0], block => block < _up.Count && _up[block].Transformers is not null).Of(layer)
        : null;

    /// <inheritdoc />
    public override bool HasPeftTask => false;

    /// <inheritdoc />
    public override IReadOnlyList<string> ExecutionOrder => _order ??= [.. UNetOrder.Sorted(base.ExecutionOrder)];

    /// <inheritdoc />
    public override string RoleOf(string layer) => UNetOrder.Role(layer);

    /// <inheritdoc />
    public override long? TokensOf(string layer) => UNetOrder.Pixels(Config, layer);

    /// <inheritdoc />
    public override IReadOnlyList<KeyValuePair<string, string>> Facts =>
    [
        new("architecture", UNetConfig.ClassName),
        new("latents", $"{Config.InChannels} channels{(Config.SampleSize is { } size ? $", {size}" : "")}"),
        new("channels", string.Join(", ", Config.Channels)),
        new("attention heads", string.Join(", ", Config.Heads.Values)),
        new("text width", string.Join(", ", Config.TextWidth.Values)),
        new("layers", Text(LayerCount)),
    ];

    /// <inheritdoc />
    public override int LatentChannels => Config.InChannels;

    /// <inheritdoc />
    public override int TextWidth => Config.TextWidth.Values[0];

    /// <inheritdoc />
    public override PixelSize? LatentSize => Config.SampleSize;

    /// <inheritdoc />
    public override int LatentStep => 1 << (Config.Channels.Count - 1);

    /// <inheritdoc />
    public override bool LayersKeepShape => false;

    /// <inheritdoc />
    public override MemoryAccount Memory(TrainingTerms terms, int textTokens) => new UNetMemory(Config, terms, textTokens).Account();

    /// <inheritdoc />
    public override Tensor Forward(Tensor latents, Tensor timesteps, Tensor text)
    {
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentNullException.ThrowIfNull(timesteps);
        ArgumentNullException.ThrowIfNull(text);
        Shapes.Require(latents, "latents", Shapes.Any, Config.InChannels, Shapes.Any, Shapes.Any);
        Shapes.Require(timesteps, "timesteps", latents.shape[0]);
        Shapes.Require(text, "text", latents.shape[0], Shapes.Any, TextWidth);
        using var scope = NewDisposeScope();
        using var pass = Begin(null);
        var (time, words) = (Seen("time_embedding", _time.Forward(timesteps, DataType)), text.to(DataType));
        var hidden = Seen("conv_in", _entry.call(latents.to(DataType)));
        var skips = new Stack<Tensor>([hidden]);
        hidden = Down(hidden, time, words, skips);
        hidden = Seen("mid_block", Run(_middle.Run, hidden, time, words));
        hidden = Up(hidden, time, words, skips);
        return _exit.call(functional.silu(_norm.call(hidden))).MoveToOuterDisposeScope();
    }

    private Tensor Down(Tensor hidden, Tensor time, Tensor text, Stack<Tensor> skips)
    {
        for (var i = 0; i < _down.Count; i++)
        {
            var block = _down[i];
            for (var layer = 0; layer < block.Layers.Count; layer++)
            {
                var index = layer;
                skips.Push(hidden = Run(inputs => block.Run(index, inputs), hidden, time, text));
            }

            if (block.Sampler is { } sampler)
            {
                skips.Push(hidden = sampler[0].Forward(hidden));   // [B, C, Y, X] -> [B, C, Y / 2, X / 2]
            }

            Seen($"down_blocks.{i}", hidden);
        }

        return hidden;
    }

    private Tensor Up(Tensor hidden, Tensor time, Tensor text, Stack<Tensor> skips)
    {
        for (var i = 0; i < _up.Count; i++)
        {
            var block = _up[i];
            for (var layer = 0; layer < block.Layers.Count; layer++)
            {
                var index = layer;
                var joined = cat([hidden, skips.Pop()], dim: 1);   // [B, C, Y, X], [B, C', Y, X] -> [B, C + C', Y, X]
                hidden = Run(inputs => block.Run(index, inputs), joined, time, text);
            }

            // Odd sizes were rounded up on the way down; what waits there says which they were.
            hidden = block.Sampler is { } sampler
                ? sampler[0].Forward(hidden, (skips.Peek().shape[2], skips.Peek().shape[3]))
                : hidden;
            Seen($"up_blocks.{i}", hidden);
        }

        return hidden;
    }

    private Tensor Run(Func<IReadOnlyList<Tensor>, Tensor> layer, params Tensor[] inputs) =>
        RunLayer is null ? layer(inputs) : RunLayer(layer, inputs);

    private Tensor Seen(string name, Tensor output)
    {
        Watch?.Invoke(name, output);
        return output;
    }
}
