using ResLora.Formats;
using ResLora.Models.Memory;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>
/// What of a text-to-image pipeline can be trained: the text encoder, and the network that takes noise out of latents. The autoencoder
/// between latents and pictures is a network of its own (<see cref="PictureAutoencoder"/>).
/// </summary>
/// <remarks>Rombach et al., arXiv:2112.10752, sections 3.2 and 3.3.</remarks>
public abstract class TextToImageModel : Network, IOriginalNames
{
    private readonly IReadOnlyDictionary<string, Network> _parts;
    private IReadOnlyList<string>? _order;

    /// <summary>Puts the parts together; from now on they are this network's.</summary>
    /// <param name="name">The module's name.</param>
    /// <param name="textEncoder">The text encoder.</param>
    /// <param name="unet">The network that takes noise out.</param>
    protected TextToImageModel(string name, PromptEncoder textEncoder, Denoiser unet) : base(name)
    {
        (TextEncoder, UNet) = (textEncoder, unet);
        register_module(PipelineParts.TextEncoder, textEncoder);
        register_module(PipelineParts.UNet, unet);
        _parts = new Dictionary<string, Network> { [PipelineParts.TextEncoder] = textEncoder, [PipelineParts.UNet] = unet };
    }

    /// <summary>The text encoder.</summary>
    public PromptEncoder TextEncoder { get; }

    /// <summary>The network that takes noise out.</summary>
    public Denoiser UNet { get; }

    /// <inheritdoc />
    public override int LayerCount => UNet.LayerCount;

    /// <inheritdoc />
    public override ScalarType DataType => UNet.DataType;

    /// <inheritdoc />
    public override Device Device => UNet.Device;

    /// <summary>The UNet's projections of attention, as in diffusers.</summary>
    public override IReadOnlyList<string> UsualTargets => UNet.UsualTargets;

    /// <inheritdoc />
    public override IReadOnlyList<string> ExecutionOrder =>
        _order ??= [.. _parts.SelectMany(part => part.Value.ExecutionOrder.Select(layer => $"{part.Key}.{layer}"))];

    /// <inheritdoc />
    public override bool HasPeftTask => false;

    /// <inheritdoc />
    public override bool LayersKeepShape => false;

    /// <inheritdoc />
    public override CheckpointLayout Checkpoint => new()
    {
        Names = name => Of(name) is var (prefix, part, own) ? part.Checkpoint.Names(own).Select(one => prefix + one) : [name],
        IsIgnored = name => Of(name) is var (_, part, own) && part.Checkpoint.IsIgnored(own),
        IsFloat32 = name => Of(name) is var (_, part, own) && part.Checkpoint.IsFloat32(own),
    };

    /// <inheritdoc />
    public override IReadOnlyList<KeyValuePair<string, string>> Facts =>
    [
        new("architecture", "Stable Diffusion"),
        .. UNet.Facts.Where(fact => fact.Key != "architecture"),
        .. TextEncoder.Facts.Where(fact => fact.Key != "architecture").Select(fact => KeyValuePair.Create($"text: {fact.Key}", fact.Value)),
    ];

    /// <summary>What the UNet is told of texts.</summary>
    /// <param name="ids">[B, T] int64, borrowed.</param>
    /// <returns>New tensor [B, T, D], owned by the caller.</returns>
    public Tensor Encode(Tensor ids)
    {
        TextEncoder.RunLayer = RunLayer;
        using var pass = Begin(null);
        return TextEncoder.Forward(ids);
    }

    /// <summary>What the UNet says of noisy latents: the noise in them, or the velocity.</summary>
    /// <param name="latents">[B, C, Y, X], borrowed.</param>
    /// <param name="timesteps">[B], borrowed.</param>
    /// <param name="text">[B, T, D] from <see cref="Encode"/>, borrowed.</param>
    /// <returns>New tensor [B, C, Y, X], owned by the caller.</returns>
    public Tensor Denoise(Tensor latents, Tensor timesteps, Tensor text)
    {
        UNet.RunLayer = RunLayer;
        using var pass = Begin(null);
        return UNet.Forward(latents, timesteps, text);
    }

    /// <summary>The text encoder's account and the UNet's, one behind the other.</summary>
    /// <inheritdoc />
    public override MemoryAccount? Memory(TrainingTerms terms) =>
        TextEncoder.Memory(terms) is { } text && UNet.Memory(terms, TextEncoder.MaxTokens) is { } unet
            ? unet with { Layers = [.. ForTexts(text), .. unet.Layers.Select(layer => Within(layer, PipelineParts.UNet))] }
            : null;

    /// <summary>The role that a layer has in its part: parts share no chain.</summary>
    /// <inheritdoc />
    public override string RoleOf(string layer) =>
        Of(layer) is var (prefix, part, own) ? prefix + part.RoleOf(own) : LayerRole.Usual(layer);

    /// <inheritdoc />
    public override long? TokensOf(string layer) => Of(layer) is var (_, part, own) ? part.TokensOf(own) : null;

    /// <summary>PEFT keeps an adapter of the UNet alone without the part's name.</summary>
    /// <inheritdoc />
    public override string PeftName(string name) => Of(name) is (PipelineParts.UNet + ".", var part, var own) ? part.PeftName(own) : name;

    /// <inheritdoc />
    public override string OwnName(string name) => Of(name) is null ? $"{PipelineParts.UNet}.{UNet.OwnName(name)}" : name;

    /// <summary>The names that the UNet's layers have in the checkpoints that Stable Diffusion came in first.</summary>
    /// <inheritdoc />
    public string? OriginalName(string layer) =>
        Of(layer) is (PipelineParts.UNet + ".", _, var own) ? UNet.OriginalName(own) : null;

    /// <summary>The text encoder's layers with bytes for each text, not for each token; what is behind the last belongs to it.</summary>
    private IEnumerable<LayerAccount> ForTexts(MemoryAccount text) => text.Layers.Select((layer, place) =>
    {
        long tokens = TextEncoder.MaxTokens;
        var behind = place == text.Layers.Count - 1 ? text.BehindLayers : 0;
        return Within(layer, PipelineParts.TextEncoder) with
        {
            Input = (layer.Input + behind) * tokens,
            Kept = (layer.Kept + behind + (layer.KeptPerPair * tokens)) * tokens,
            KeptPerPair = 0,
            Passing = layer.Passing * tokens,
            Inputs = [.. layer.Inputs.Select(input => input with { Rows = tokens })],
        };
    });

    private static LayerAccount Within(LayerAccount layer, string part) => layer with { Prefix = $"{part}.{layer.Prefix}" };

    private (string Prefix, Network Part, string Own)? Of(string name)
    {
        foreach (var (key, part) in _parts)
        {
            var prefix = key + ".";
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return (prefix, part, name[prefix.Length..]);
            }
        }

        return null;
    }
}
