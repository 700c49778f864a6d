using ResLora.Formats.Errors;
using ResLora.Models.Memory;
using static TorchSharp.torch;

namespace ResLora.Models.Clip;

/// <summary>
/// CLIP's text encoder: tokens and positions, layers in which a token sees itself and those before it, and a norm. Stable Diffusion makes
/// pictures from its hidden states.
/// </summary>
/// <remarks>Radford et al., arXiv:2103.00020, section 2.4. Names and order of operations are those of the published checkpoints.</remarks>
public sealed class ClipTextModel : PromptEncoder
{
    private readonly ClipTextBackbone _backbone;

    /// <summary>Builds the network on the meta device: no weight is allocated before <see cref="ModelWeights"/> gives it one.</summary>
    /// <param name="config">The model's description, free of problems.</param>
    public ClipTextModel(ClipTextConfig config) : base(nameof(ClipTextModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        _backbone = new ClipTextBackbone(config);
        register_module("text_model", _backbone);
    }

    /// <summary>The model's description.</summary>
    public ClipTextConfig Config { get; }

    /// <inheritdoc />
    public override int MaxTokens => Config.PositionRows;

    /// <inheritdoc />
    public override int VocabularySize => Config.VocabularySize;

    /// <inheritdoc />
    public override int HiddenSize => Config.HiddenSize;

    /// <inheritdoc />
    public override int LayerCount => Config.LayerCount;

    /// <inheritdoc />
    public override ScalarType DataType => _backbone.Embeddings.Rows.dtype;

    /// <inheritdoc />
    public override Device Device => _backbone.Embeddings.Rows.device;

    /// <summary>All four projections of attention, as the training scripts of diffusers have it for text encoders.</summary>
    public override IReadOnlyList<string> UsualTargets { get; } = ["q_proj", "k_proj", "v_proj", "out_proj"];

    /// <inheritdoc />
    public override CheckpointLayout Checkpoint => ClipTextCheckpoint.Layout;

    /// <inheritdoc />
    public override string PeftName(string name) => ClipTextCheckpoint.Inner(name);

    /// <inheritdoc />
    public override string OwnName(string name) => ClipTextCheckpoint.Published(name);

    /// <inheritdoc />
    public override bool HasPeftTask => false;

    /// <inheritdoc />
    public override double InitializerRange => Config.InitializerRange;

    /// <inheritdoc />
    public override MemoryAccount Memory(TrainingTerms terms) => ClipTextMemory.Of(Config, terms);

    /// <inheritdoc />
    public override IReadOnlyList<KeyValuePair<string, string>> Facts =>
    [
        new("architecture", Config.ModelType),
        new("layers", Text(LayerCount)),
        new("hidden size", Text(Config.HiddenSize)),
        new("MLP size", Text(Config.IntermediateSize)),
        new("attention heads", Text(Config.HeadCount)),
        new("vocabulary", Text(Config.VocabularySize)),
        new("positions", Text(MaxTokens)),
    ];

    /// <summary>The constructor gives the name.</summary>
    protected override void RegisterComponents()
    {
    }

    /// <inheritdoc />
    public override Tensor Forward(Tensor ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.shape[1] > MaxTokens)
        {
            throw new ConfigException($"A text has {ids.shape[1]} tokens, and the text encoder takes {MaxTokens}; cut it shorter.");
        }

        using var scope = NewDisposeScope();
        using var pass = Begin(null);
        var tokens = _backbone.Embeddings.Forward(ids);   // [B, T] -> [B, T, D]
        var layers = _backbone.Encoder.Layers.Select(layer => (Func<Tensor, Tensor?, Tensor>)((x, _) => layer.Forward(x)));
        return _backbone.Norm.call(Through(tokens, mask: null, layers)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    /// <remarks>
    /// It is the hidden state of the first end token, which alone sees all of the text and nothing behind it. In configurations with
    /// the end token <see cref="ClipTextConfig.OldEndId"/> that is the token with the highest id, the first of several. A text without
    /// an end token gives the state of its first token, as in Hugging Face's library.
    /// </remarks>
    public override Tensor Pooled(Tensor hidden, Tensor ids)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(ids);
        using var scope = NewDisposeScope();
        var (rows, width) = (hidden.shape[0], hidden.shape[2]);
        var marks = Config.EndId == ClipTextConfig.OldEndId ? ids.eq(ids.amax([1], keepdim: true)) : ids.eq(Config.EndId);   // [B, T]

        // libtorch names no order among equal maxima; falling numbers have one.
        var falling = arange(ids.shape[1], 0, -1, device: ids.device);                  // [T]
        var place = (marks.to(int64) * falling).argmax(1);                              // [B, T] -> [B]
        place = place * marks.any(1).to(int64);                                         // none: the first
        var index = place.view(rows, 1, 1).expand(rows, 1, width);                      // [B, 1, D]
        return hidden.gather(1, index).squeeze(1).MoveToOuterDisposeScope();            // [B, T, D] -> [B, D]
    }
}
