using ResLora.Formats.Errors;
using ResLora.Models.Memory;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Models.Bert;

/// <summary>
/// The BERT family's network: embeddings of words, positions and types, layers with the norm after each sum, and a head for texts or
/// for masked tokens.
/// </summary>
/// <remarks>
/// Devlin et al., arXiv:1810.04805; Liu et al., arXiv:1907.11692. Names, order of operations and heads are those of the published
/// checkpoints.
/// </remarks>
public sealed class BertModel : EncoderModel
{
    private readonly BertBackbone _backbone;
    private readonly RobertaClassifier? _robertaClassifier;
    private readonly nn.Module<Tensor, Tensor>? _bertClassifier;
    private readonly ITokenHead? _tokenHead;

    /// <summary>Builds the network on the meta device: no weight is allocated before <see cref="ModelWeights"/> gives it one.</summary>
    /// <param name="config">The model's description, free of problems.</param>
    /// <param name="textHead">What it predicts; null takes what the configuration says.</param>
    public BertModel(BertConfig config, ModelHead? textHead = null) : base(nameof(BertModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        (Config, Head) = (config, textHead ?? config.Head);
        var forTexts = Head.Kind != ModelHeadKind.MaskedTokens;
        _backbone = new BertBackbone(config, withPooler: forTexts && !config.IsRoberta);
        register_module(config.ModelType, _backbone);
        if (!forTexts && config.IsRoberta)
        {
            var head = new RobertaTokenHead(config);
            register_module("lm_head", head);
            _tokenHead = head;
        }
        else if (!forTexts)
        {
            var head = new BertTokenHead(config);
            register_module("cls", new BertTokenHeads(head));
            _tokenHead = head;
        }
        else if (config.IsRoberta)
        {
            register_module("classifier", _robertaClassifier = new RobertaClassifier(config, Head.Outputs));
        }
        else
        {
            register_module("classifier", _bertClassifier = Blocks.Slots.Linear(config.HiddenSize, Head.Outputs, bias: true));
        }
    }

    /// <summary>The model's description.</summary>
    public BertConfig Config { get; }

    /// <inheritdoc />
    public override ModelHead Head { get; }

    /// <inheritdoc />
    public override int PadId => Config.PadId;

    /// <inheritdoc />
    public override int TypeCount => Config.TypeCount;

    /// <inheritdoc />
    public override int LayerCount => Config.LayerCount;

    /// <inheritdoc />
    public override long VocabularySize => Config.VocabularySize;

    /// <inheritdoc />
    public override int MaxPositions => Config.MaxPositions;

    /// <inheritdoc />
    public override ScalarType DataType => Words.dtype;

    /// <inheritdoc />
    public override Device Device => Words.device;

    /// <inheritdoc />
    public override IReadOnlyList<string> UsualTargets { get; } = ["query", "value"];

    /// <summary>
    /// The classifier; with it BERT's pooler where the checkpoint had none, since a random one that is not saved could not be had again.
    /// </summary>
    public override IReadOnlyList<string> HeadModules =>
        Head.Kind == ModelHeadKind.MaskedTokens ? [] : ["classifier", .. NewModules.Where(name => name != "classifier")];

    /// <inheritdoc />
    public override CheckpointLayout Checkpoint => BertCheckpoint.Of(this);

    /// <inheritdoc />
    public override double InitializerRange => Config.InitializerRange;

    /// <inheritdoc />
    public override MemoryAccount Memory(TrainingTerms terms) => BertMemory.Of(Config, terms);

    /// <inheritdoc />
    public override IReadOnlyList<KeyValuePair<string, string>> Facts =>
    [
        new("architecture", Config.ModelType),
        new("layers", Text(LayerCount)),
        new("hidden size", Text(Config.HiddenSize)),
        new("MLP size", Text(Config.IntermediateSize)),
        new("attention heads", Text(Config.HeadCount)),
        new("vocabulary", Text(Config.VocabularySize)),
        new("positions", Text(MaxPositions)),
        new("head", Head.InWords()),
    ];

    /// <summary>The names depend on family and head, so that the constructor gives them.</summary>
    protected override void RegisterComponents()
    {
    }

    /// <inheritdoc />
    protected override string Architecture =>
        $"{(Config.IsRoberta ? "Roberta" : "Bert")}{(Head.Kind == ModelHeadKind.MaskedTokens ? "ForMaskedLM" : "ForSequenceClassification")}";

    private Parameter Words => _backbone.Embeddings.Rows;

    /// <inheritdoc />
    /// <exception cref="ConfigException">The texts are longer than the model's positions.</exception>
    public override Tensor Hidden(TokenInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Ids.shape[1] > MaxPositions)
        {
            throw new ConfigException($"A text has {input.Ids.shape[1]} tokens, and the model takes {MaxPositions}; cut it shorter.");
        }

        using var scope = NewDisposeScope();
        using var pass = Begin(input.TokenMask);
        var hidden = _backbone.Embeddings.Forward(input);                            // [B, T] -> [B, T, D]
        var mask = input.TokenMask?.to(@bool).unsqueeze(1).unsqueeze(1);             // [B, T] -> [B, 1, 1, T]
        var layers = _backbone.Encoder.Layers.Select(layer => (Func<Tensor, Tensor?, Tensor>)layer.Forward);
        return Through(hidden, mask, layers).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override Tensor TextLogits(Tensor hidden)
    {
        if (_robertaClassifier is not null)
        {
            return _robertaClassifier.Forward(hidden);
        }

        var classifier = _bertClassifier ?? throw new InvalidOperationException("This model has a head for masked tokens, not for texts.");
        using var scope = NewDisposeScope();
        var type = NewModules.Contains("bert.pooler") ? ScalarType.Float32 : DataType;
        // [B, T, D] -> [B, D]
        var pooled = nn.functional.dropout(_backbone.Pooler!.Forward(hidden, type), Config.ClassifierDropout, training);
        return classifier.call(pooled.to(float32)).MoveToOuterDisposeScope();                                         // [B, D] -> [B, N]
    }

    /// <inheritdoc />
    public override Tensor TokenLogits(Tensor hidden)
    {
        var head = _tokenHead ?? throw new InvalidOperationException("This model has a head for texts, not for masked tokens.");
        return head.Forward(hidden, Words);
    }
}
