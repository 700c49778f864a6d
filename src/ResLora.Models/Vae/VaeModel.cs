using ResLora.Models.Blocks;
using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Models.Vae;

/// <summary>
/// The autoencoder between pictures and latents. An encoder says, for each place of a smaller picture, where its latent lies and how
/// surely; a decoder makes a picture of latents.
/// </summary>
/// <remarks>
/// Kingma and Welling, arXiv:1312.6114; with pictures: Rombach et al., arXiv:2112.10752, section 3.1. Names and keys are those of
/// diffusers.
/// </remarks>
public sealed class VaeModel : PictureAutoencoder
{
    /// <summary>ε of all its norms.</summary>
    internal const double Epsilon = 1e-6;

    private const double LeastLogVariance = -30, MostLogVariance = 20;

    private readonly VaeEncoder _encoder;
    private readonly VaeDecoder _decoder;
    private readonly nn.Module<Tensor, Tensor>? _quant;
    private readonly nn.Module<Tensor, Tensor>? _postQuant;

    /// <summary>Builds the network on the meta device: no weight is allocated before <see cref="ModelWeights"/> gives it one.</summary>
    /// <param name="config">The description, free of problems.</param>
    public VaeModel(VaeConfig config) : base(nameof(VaeModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        _encoder = new VaeEncoder(config);
        _decoder = new VaeDecoder(config);
        register_module("encoder", _encoder);
        if (config.HasQuantConvolution)
        {
            _quant = Slots.Convolution(2L * config.LatentChannels, 2L * config.LatentChannels, 1);
            register_module("quant_conv", _quant);
        }

        if (config.HasPostQuantConvolution)
        {
            _postQuant = Slots.Convolution(config.LatentChannels, config.LatentChannels, 1);
            register_module("post_quant_conv", _postQuant);
        }

        register_module("decoder", _decoder);
    }

    /// <summary>The description.</summary>
    public VaeConfig Config { get; }

    /// <inheritdoc />
    public override int LatentChannels => Config.LatentChannels;

    /// <inheritdoc />
    public override int Factor => Config.Factor;

    /// <inheritdoc />
    public override double ScalingFactor => Config.ScalingFactor;

    /// <inheritdoc />
    public override int LayerCount => 2 * Config.Widths.Count;

    /// <inheritdoc />
    public override ScalarType DataType => _decoder.parameters().First().dtype;

    /// <inheritdoc />
    public override Device Device => _decoder.parameters().First().device;

    /// <inheritdoc />
    public override IReadOnlyList<string> UsualTargets { get; } = ["to_q", "to_k", "to_v", "to_out.0"];

    /// <inheritdoc />
    public override bool HasPeftTask => false;

    /// <inheritdoc />
    public override CheckpointLayout Checkpoint { get; } = new() { Names = VaeCheckpoint.Names };

    /// <inheritdoc />
    public override IReadOnlyList<KeyValuePair<string, string>> Facts =>
    [
        new("architecture", "AutoencoderKL"),
        new("levels", $"{Text(Config.Widths.Count)}, {string.Join(", ", Config.Widths)} channels wide"),
        new("latents", $"{Config.LatentChannels} channels, one for {Factor} x {Factor} pixels"),
    ];

    /// <inheritdoc />
    public override (Tensor Mean, Tensor LogVariance) Encode(Tensor pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        Shapes.Require(pixels, "pixels", Shapes.Any, Config.InChannels, Shapes.Any, Shapes.Any);
        if (pixels.shape[2] % Factor != 0 || pixels.shape[3] % Factor != 0)
        {
            throw new Formats.Errors.ShapeException(
                $"Pictures of {pixels.shape[3]} x {pixels.shape[2]} pixels cannot be encoded; height and width must be multiples of {Factor}.");
        }

        using var scope = NewDisposeScope();
        var moments = EachAlone(pixels, one =>
        {
            var said = _encoder.Forward(one, Watch);
            return _quant?.call(said) ?? said;
        });                                           // [B, 2 C, Y/f, X/f]
        var halves = moments.chunk(2, dim: 1);        // 2 x [B, C, Y/f, X/f]
        return (
            halves[0].contiguous().MoveToOuterDisposeScope(), halves[1].clamp(LeastLogVariance, MostLogVariance).MoveToOuterDisposeScope());
    }

    /// <inheritdoc />
    public override Tensor Decode(Tensor latents)
    {
        ArgumentNullException.ThrowIfNull(latents);
        Shapes.Require(latents, "latents", Shapes.Any, Config.LatentChannels, Shapes.Any, Shapes.Any);
        return EachAlone(latents, one => _decoder.Forward(_postQuant?.call(one) ?? one, Watch));
    }

    /// <summary>One picture after the other.</summary>
    private static Tensor EachAlone(Tensor batch, Func<Tensor, Tensor> run)
    {
        if (batch.shape[0] < 1)
        {
            throw new Formats.Errors.ShapeException("There is no picture in the batch; give one or more.");
        }

        using var scope = NewDisposeScope();
        var results = Enumerable.Range(0, (int)batch.shape[0]).Select(i =>
        {
            using var inner = NewDisposeScope();
            return run(batch.narrow(0, i, 1)).MoveToOuterDisposeScope();
        }).ToArray();
        return cat(results, dim: 0).MoveToOuterDisposeScope();
    }

    /// <summary>The constructor gives the names.</summary>
    protected override void RegisterComponents()
    {
    }
}
