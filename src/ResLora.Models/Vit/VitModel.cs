using ResLora.Models.Memory;
using static TorchSharp.torch;

namespace ResLora.Models.Vit;

/// <summary>
/// A vision transformer: a picture's parts as tokens behind one for the whole, layers with a norm before attention and MLP, and a linear
/// head on the token of the whole.
/// </summary>
/// <remarks>
/// Dosovitskiy et al., arXiv:2010.11929, equations 1 to 4; the token for distillation: Touvron et al., arXiv:2012.12877.
/// Names, order of operations and head are those of the published checkpoints.
/// </remarks>
public sealed class VitModel : ImageModel
{
    private readonly VitBackbone _backbone;
    private readonly nn.Module<Tensor, Tensor> _classifier;

    /// <summary>Builds the network on the meta device: no weight is allocated before <see cref="ModelWeights"/> gives it one.</summary>
    /// <param name="config">The model's description, free of problems.</param>
    /// <param name="head">What it predicts; null takes what the configuration says.</param>
    public VitModel(VitConfig config, ModelHead? head = null) : base(nameof(VitModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        (Config, Head) = (config, head ?? config.Head);
        _backbone = new VitBackbone(config);
        _classifier = Blocks.Slots.Linear(config.HiddenSize, Head.Outputs, bias: true);
        register_module(config.ModelType, _backbone);
        register_module(VitCheckpoint.Classifier, _classifier);
    }

    /// <summary>The model's description.</summary>
    public VitConfig Config { get; }

    /// <inheritdoc />
    public override ModelHead Head { get; }

    /// <inheritdoc />
    public override PixelSize ImageSize => Config.ImageSize;

    /// <inheritdoc />
    public override int Channels => Config.Channels;

    /// <inheritdoc />
    public override int TokenCount => (int)Config.TokenCount;

    /// <inheritdoc />
    public override int LayerCount => Config.LayerCount;

    /// <inheritdoc />
    public override ScalarType DataType => _backbone.Embeddings.Whole.dtype;

    /// <inheritdoc />
    public override Device Device => _backbone.Embeddings.Whole.device;

    /// <inheritdoc />
    public override IReadOnlyList<string> UsualTargets { get; } = ["query", "value"];

    /// <inheritdoc />
    public override IReadOnlyList<string> HeadModules { get; } = [VitCheckpoint.Classifier];

    /// <inheritdoc />
    public override CheckpointLayout Checkpoint => VitCheckpoint.Of(Config.ModelType);

    /// <inheritdoc />
    public override string PeftName(string name) => VitCheckpoint.Inner(name);

    /// <inheritdoc />
    public override string OwnName(string name) => VitCheckpoint.Published(name);

    /// <inheritdoc />
    public override double InitializerRange => Config.InitializerRange;

    /// <inheritdoc />
    public override MemoryAccount Memory(TrainingTerms terms) => VitMemory.Of(Config, Head.Outputs, terms);

    /// <inheritdoc />
    public override IReadOnlyList<KeyValuePair<string, string>> Facts =>
    [
        new("architecture", Config.ModelType),
        new("layers", Text(LayerCount)),
        new("hidden size", Text(Config.HiddenSize)),
        new("MLP size", Text(Config.IntermediateSize)),
        new("attention heads", Text(Config.HeadCount)),
        new("pictures", $"{ImageSize} pixels, {Channels} channels"),
        new("patches", $"{Config.PatchSize} pixels, {TokenCount} tokens a picture"),
        new("head", Head.InWords()),
    ];

    /// <inheritdoc />
    protected override string Architecture => $"{(Config.IsDistilled ? "DeiT" : "ViT")}ForImageClassification";

    /// <summary>The first name depends on the family, so that the constructor gives them.</summary>
    protected override void RegisterComponents()
    {
    }

    /// <inheritdoc />
    public override Tensor Hidden(Tensor pixels)
    {
        RequireSize(pixels);
        using var scope = NewDisposeScope();
        using var pass = Begin(null);
        var tokens = _backbone.Embeddings.Forward(pixels.to(DataType));   // [B, C, Y, X] -> [B, T, D]
        var layers = _backbone.Encoder.Layers.Select(layer => (Func<Tensor, Tensor?, Tensor>)((x, _) => layer.Forward(x)));
        return _backbone.Norm.call(Through(tokens, mask: null, layers)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override Tensor Logits(Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        using var scope = NewDisposeScope();
        return _classifier.call(hidden.select(1, 0).to(float32)).MoveToOuterDisposeScope();   // [B, T, D] -> [B, D] -> [B, N]
    }
}
