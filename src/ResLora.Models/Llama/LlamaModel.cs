using System.Globalization;
using System.Text.Json.Nodes;
using ResLora.Models.Blocks;
using ResLora.Models.Gguf;
using ResLora.Models.Memory;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Llama;

/// <summary>
/// The Llama family's network: embedding, decoder layers (attention with rotary positions and grouped keys, gated MLP),
/// a last norm and the output head, which is the embedding itself when the configuration ties them.
/// </summary>
/// <remarks>Touvron et al., arXiv:2302.13971, section 2.2; Qwen3's head norms: arXiv:2505.09388, section 2.</remarks>
public sealed class LlamaModel : CausalLanguageModel, ILayeredModel
{
    [ComponentName(Name = "model")] private readonly LlamaBackbone _backbone;
    [ComponentName(Name = "lm_head")] private Module<Tensor, Tensor>? _head;
    private readonly float[] _frequencies;

    /// <summary>Builds the network on the meta device: no weight is allocated before <see cref="ModelWeights"/> gives it one.</summary>
    /// <param name="config">The model's description, free of problems.</param>
    public LlamaModel(LlamaConfig config) : base(nameof(LlamaModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        _frequencies = config.RotaryFrequencies();
        _backbone = new LlamaBackbone(config);
        if (!config.TieWordEmbeddings)
        {
            _head = Slots.Linear(config.HiddenSize, config.VocabularySize, bias: false);
        }

        RegisterComponents();
    }

    /// <summary>The model's description.</summary>
    public LlamaConfig Config { get; private set; }

    /// <inheritdoc />
    public override int LayerCount => Config.LayerCount;

    /// <inheritdoc />
    public override IReadOnlyList<string> UsualTargets { get; } = ["q_proj", "v_proj"];

    /// <inheritdoc />
    public override long VocabularySize => Config.VocabularySize;

    /// <inheritdoc />
    public override int MaxPositions => Config.MaxPositions;

    /// <inheritdoc />
    public override ScalarType DataType => _backbone.Norm.Weight.dtype;

    /// <inheritdoc />
    public override Device Device => _backbone.Norm.Weight.device;

    /// <inheritdoc />
    public override CheckpointLayout Checkpoint => LlamaCheckpoint.Of(Config);

    /// <inheritdoc />
    public override double InitializerRange => Config.InitializerRange;

    /// <inheritdoc />
    public override MemoryAccount Memory(TrainingTerms terms) => LlamaMemory.Of(Config, terms);

    /// <inheritdoc />
    public override IGgufExport GgufExport() => new GgufLlamaExport(Config);

    /// <inheritdoc />
    public override IGgufNames GgufNames => new GgufLlamaNames(Config);

    /// <inheritdoc />
    public override int? ShortestWindow => Enumerable.Range(0, LayerCount).Min(Config.SlidingWindow);

    /// <inheritdoc />
    public override IReadOnlyList<KeyValuePair<string, string>> Facts =>
    [
        new("architecture", Config.ModelType),
        new("layers", Text(LayerCount)),
        new("hidden size", Text(Config.HiddenSize)),
        new("MLP size", Text(Config.IntermediateSize)),
        new("attention heads", $"{Config.HeadCount} of {Config.HeadSize}, {Config.KeyValueHeadCount} for keys and values"),
        new("vocabulary", Text(Config.VocabularySize)),
        new("positions", Text(MaxPositions)),
        new("output head", Config.TieWordEmbeddings ? "tied to the embedding" : "its own"),
    ];

    /// <inheritdoc />
    public override Tensor Hidden(
        Tensor inputIds, Tensor? tokenMask = null, KeyValueCache? cache = null, bool rightPadded = false, IReadOnlyList<int>? packed = null)
    {
        ArgumentNullException.ThrowIfNull(inputIds);
        RequirePackable(inputIds, cache, packed);
        using var scope = NewDisposeScope();
        using var pass = Begin(tokenMask);
        var maskedTokens = rightPadded || packed is not null ? null : tokenMask;
        var hidden = Run(LayerShare.All(LayerCount), inputIds, maskedTokens, cache, packed);   // [B, T] -> [B, T, D]
        cache?.Advance(inputIds.shape[1]);
        return hidden.MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public bool Needs(LayerShare share, string parameter)
    {
        ArgumentNullException.ThrowIfNull(share);
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.Split('.') switch
        {
            ["model", "layers", var layer, ..] =>
                int.Parse(layer, CultureInfo.InvariantCulture) is var i && i >= share.First && i < share.End,
            ["model", "embed_tokens", ..] => share.IsFirst || (share.IsLast && _head is null),
            ["lm_head", ..] => share.IsLast,
            _ => true,   // the last norm, of a few numbers, says device and dtype everywhere
        };
    }

    /// <inheritdoc />
    public Tensor Run(LayerShare share, Tensor entering, IReadOnlyList<int>? packed = null)
    {
        ArgumentNullException.ThrowIfNull(share);
        ArgumentNullException.ThrowIfNull(entering);
        return Run(share, entering, maskedTokens: null, cache: null, packed);
    }

    /// <inheritdoc />
    public override Tensor Logits(Tensor hidden) =>
        _head is null ? functional.linear(hidden, _backbone.Rows) : _head.call(hidden);

    /// <inheritdoc />
    public override void Describe(JsonObject config)
    {
        base.Describe(config);
        // A folder without a head, such as AutoModel writes, has one when we have written it.
        if (config["architectures"] is JsonArray && !ArchitectureNames.Heads(Config.Architectures).Any())
        {
            config["architectures"] = new JsonArray($"{char.ToUpperInvariant(Config.ModelType[0])}{Config.ModelType[1..]}ForCausalLM");
        }
    }

    /// <inheritdoc />
    public override bool HasOwnHead => _head is not null;

    /// <inheritdoc />
    public override void GiveOwnHead()
    {
        if (_head is not null)
        {
            return;
        }

        using var noGradient = no_grad();
        var head = (Linear)Slots.Linear(Config.HiddenSize, Config.VocabularySize, bias: false);
        head.weight = new Parameter(_backbone.Rows.clone(), requires_grad: false);
        head.weight.DetachFromDisposeScope();
        (_head, Config) = (head, Config with { TieWordEmbeddings = false });
        RunsLast("lm_head");
        register_module("lm_head", head);
    }

    /// <inheritdoc />
    protected override Tensor? FrozenHead =>
        (_head is null ? _backbone.Rows : (_head as Linear)?.weight) is { requires_grad: false } weight ? weight : null;

    private Tensor Run(LayerShare share, Tensor entering, Tensor? maskedTokens, KeyValueCache? cache, IReadOnlyList<int>? packed)
    {
        using var scope = NewDisposeScope();
        var (past, count) = (cache?.Length ?? 0, entering.shape[1]);
        var hidden = share.IsFirst ? _backbone.Embedding.call(entering) : entering.alias();   // [B, T] or [B, T, D] -> [B, T, D]
        var positions = packed is null
            // [T]
            ? arange(past, past + count, dtype: float32, device: hidden.device)
            // [T]
            : tensor(packed.SelectMany(length => Enumerable.Range(0, length)).Select(p => (float)p).ToArray(), device: hidden.device);
        var angles =
            RotaryEmbedding.Angles(tensor(_frequencies, device: hidden.device), positions, Config.RopeScaling?.AttentionScale ?? 1);
        var longest = packed?.Max() ?? count;
        Tensor? mask = null;
        int? maskWindow = -1;   // no layer has this window, so the first layer makes its mask
        for (var i = share.First; i < share.End; i++)
        {
            var window = Config.SlidingWindow(i);
            if (window != maskWindow)
            {
                (mask, maskWindow) = (AttentionMask.Create(maskedTokens, past, longest, window, hidden.device), window);
            }

            var layer = _backbone.Layers[i];
            Tensor Layer(IReadOnlyList<Tensor> inputs) => layer.Forward(
                inputs[0], new AttentionContext(
                    new RotaryAngles(inputs[1], inputs[2]), inputs.Count > 3 ? inputs[3] : null, cache, packed));
            Tensor[] inputs = mask is null ? [hidden, angles.Cos, angles.Sin] : [hidden, angles.Cos, angles.Sin, mask];
            var output = RunLayer is null ? Layer(inputs) : RunLayer(Layer, inputs);
            hidden.Dispose();
            hidden = output;
        }

        return (share.IsLast ? _backbone.Norm.call(hidden) : hidden).MoveToOuterDisposeScope();
    }

    private static void RequirePackable(Tensor inputIds, KeyValueCache? cache, IReadOnlyList<int>? packed)
    {
        if (packed is not null && (
            cache is not null || inputIds.shape[0] != 1 || packed.Sum() != inputIds.shape[1] || packed.Any(length => length < 1)))
        {
            throw new ArgumentException(
                $"Packed texts are one row without a cache, whose {inputIds.shape[1]} tokens their lengths add up to.", nameof(packed));
        }
    }
}
