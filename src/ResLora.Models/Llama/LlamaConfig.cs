using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Models.Llama;

/// <summary>
/// A <c>config.json</c> of the Llama family: <c>llama</c>, <c>mistral</c>, <c>qwen2</c> and <c>qwen3</c>. What the network
/// cannot carry out is refused by name; nothing that changes the numbers is ignored.
/// </summary>
/// <remarks>What a file leaves out, and which of two keys holds, is as in Hugging Face's transformers 5.12.1.</remarks>
public sealed record LlamaConfig
{
    private const string Sliding = "sliding_attention";
    private const string Full = "full_attention";

    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    /// <summary>What a family means by a key that a file leaves out, where that is not what the properties say.</summary>
    private static readonly Dictionary<string, (string Key, int Value)[]> _defaults = new(StringComparer.Ordinal)
    {
        ["llama"] = [],
        ["mistral"] = [("num_key_value_heads", 8), ("max_position_embeddings", 131072)],
        ["qwen2"] = [("num_key_value_heads", 32), ("max_position_embeddings", 32768)],
        ["qwen3"] = [("num_key_value_heads", 32), ("max_position_embeddings", 32768)],
    };

    /// <summary>The family.</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; init; } = "llama";

    /// <summary>D, the width of the residual stream.</summary>
    [JsonPropertyName("hidden_size")]
    public required int HiddenSize { get; init; }

    /// <summary>F, the width inside the MLP.</summary>
    [JsonPropertyName("intermediate_size")]
    public required int IntermediateSize { get; init; }

    /// <summary>The number of decoder layers.</summary>
    [JsonPropertyName("num_hidden_layers")]
    public required int LayerCount { get; init; }

    /// <summary>H, the number of query heads.</summary>
    [JsonPropertyName("num_attention_heads")]
    public required int HeadCount { get; init; }

    /// <summary>
    /// K, the number of key and value heads; null means as many as query heads. A file without it: 8 for mistral, 32 for qwen2 and qwen3.
    /// </summary>
    [JsonPropertyName("num_key_value_heads")]
    public int? ConfiguredKeyValueHeadCount { get; init; }

    /// <summary>E, the width of a head; null means D / H (128 for qwen3).</summary>
    [JsonPropertyName("head_dim")]
    public int? ConfiguredHeadSize { get; init; }

    /// <summary>V, the number of tokens.</summary>
    [JsonPropertyName("vocab_size")]
    public required int VocabularySize { get; init; }

    /// <summary>
    /// The longest text that the model was made for, in tokens. A file without it: 131072 for mistral, 32768 for qwen2 and qwen3.
    /// </summary>
    [JsonPropertyName("max_position_embeddings")]
    public int MaxPositions { get; init; } = 2048;

    /// <summary>ε of the norms.</summary>
    [JsonPropertyName("rms_norm_eps")]
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>θ as written at the top of the file, which counts where the scaling has none; null means 10000.</summary>
    [JsonPropertyName("rope_theta")]
    public double? ConfiguredRopeTheta { get; init; }

    /// <summary>How the rotary frequencies are stretched; takes the place of <see cref="RopeParameters"/> where it says anything.</summary>
    [JsonPropertyName("rope_scaling")]
    public RopeScaling? ConfiguredRopeScaling { get; init; }

    /// <summary>θ and scaling in one object, as newer configurations write them.</summary>
    [JsonPropertyName("rope_parameters")]
    public RopeScaling? RopeParameters { get; init; }

    /// <summary>The length in tokens that the model was first trained for; counts before the scaling's own.</summary>
    [JsonPropertyName("original_max_position_embeddings")]
    public double? ConfiguredOriginalLength { get; init; }

    /// <summary>The activation of the MLP.</summary>
    [JsonPropertyName("hidden_act")]
    public string Activation { get; init; } = "silu";

    /// <summary>Whether q, k, v and o have biases; null means the family's default.</summary>
    [JsonPropertyName("attention_bias")]
    public bool? ConfiguredAttentionBias { get; init; }

    /// <summary>Whether the MLP's layers have biases.</summary>
    [JsonPropertyName("mlp_bias")]
    public bool MlpBias { get; init; }

    /// <summary>Dropout on attention weights, in training only.</summary>
    [JsonPropertyName("attention_dropout")]
    public double AttentionDropout { get; init; }

    /// <summary>Whether the output head is the embedding matrix itself.</summary>
    [JsonPropertyName("tie_word_embeddings")]
    public bool TieWordEmbeddings { get; init; }

    /// <summary>
    /// Attention looks back over this many tokens, in mistral and where <see cref="UseSlidingWindow"/> says so; null means over all.
    /// Default 4096.
    /// </summary>
    [JsonPropertyName("sliding_window")]
    public int? ConfiguredSlidingWindow { get; init; } = 4096;

    /// <summary>qwen2 and qwen3: whether <see cref="ConfiguredSlidingWindow"/> is in force.</summary>
    [JsonPropertyName("use_sliding_window")]
    public bool? UseSlidingWindow { get; init; }

    /// <summary>qwen2 and qwen3: the first layer that uses the sliding window. Default 28.</summary>
    [JsonPropertyName("max_window_layers")]
    public int MaxWindowLayers { get; init; } = 28;

    /// <summary>
    /// Which layers have the sliding window (all but llama's may), before <see cref="MaxWindowLayers"/>; null means what follows from that.
    /// </summary>
    [JsonPropertyName("layer_types")]
    public IReadOnlyList<string?>? LayerTypes { get; init; }

    /// <summary>The classes that the model was saved from.</summary>
    [JsonPropertyName("architectures")]
    public IReadOnlyList<string?>? Architectures { get; init; }

    /// <summary>Standard deviation of the normal distribution that a new model's weights are drawn from.</summary>
    [JsonPropertyName("initializer_range")]
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Everything else in the file; <see cref="Problems"/> looks for what would change the numbers.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>K, the number of key and value heads.</summary>
    [JsonIgnore]
    public int KeyValueHeadCount => ConfiguredKeyValueHeadCount ?? HeadCount;

    /// <summary>E, the width of a head.</summary>
    [JsonIgnore]
    public int HeadSize => ConfiguredHeadSize ?? (ModelType == "qwen3" ? 128 : HiddenSize / HeadCount);

    /// <summary>θ, the base of the rotary frequencies.</summary>
    [JsonIgnore]
    public double RopeTheta => Rope?.Theta ?? ConfiguredRopeTheta ?? 10000;

    /// <summary>The scaling in force, with the length that it starts from; or null.</summary>
    [JsonIgnore]
    public RopeScaling? RopeScaling => Rope is { } rope ? Completed(rope) : null;

    /// <summary>Whether q, k and v have biases.</summary>
    [JsonIgnore]
    public bool QueryKeyValueBias => ModelType == "qwen2" || ConfiguredAttentionBias == true;

    /// <summary>Whether o has a bias.</summary>
    [JsonIgnore]
    public bool OutputBias => ModelType != "qwen2" && ConfiguredAttentionBias == true;

    /// <summary>Whether queries and keys are normalised head by head (qwen3).</summary>
    [JsonIgnore]
    public bool HeadNorm => ModelType == "qwen3";

    /// <summary>The sliding window of a layer in tokens, or null for none.</summary>
    /// <param name="layer">The layer's index, from 0.</param>
    /// <returns>Tokens, or null.</returns>
    public int? SlidingWindow(int layer) =>
        HasWindow && (LayerTypes is null ? HasWindowByDefault(layer) : LayerTypes[layer] == Sliding) ? ConfiguredSlidingWindow : null;

    /// <summary>The angular frequency of every rotary pair, with <see cref="RopeScaling"/> applied.</summary>
    /// <returns>E/2 frequencies in radians a position.</returns>
    public float[] RotaryFrequencies() =>
        [.. (RopeScaling ?? new RopeScaling()).Frequencies(RopeTheta, HeadSize).Select(frequency => (float)frequency)];

    private bool IsQwen => ModelType is "qwen2" or "qwen3";

    private bool HasWindow => ModelType == "mistral" || (IsQwen && UseSlidingWindow == true);

    private RopeScaling? Rope =>
        ConfiguredRopeScaling is { IsEmpty: false } old ? old : RopeParameters is { IsEmpty: false } rope ? rope : null;

    /// <summary>Reads and checks a configuration.</summary>
    /// <param name="path">The path of config.json.</param>
    /// <returns>The configuration, free of problems.</returns>
    /// <exception cref="FileFormatException">The file is missing or not a configuration.</exception>
    /// <exception cref="ConfigException">The model needs something that is not supported; all such things are named.</exception>
    public static LlamaConfig Read(string path)
    {
        var config = CheckedJson.Deserialize<LlamaConfig>(path, AddDefaults, _json);
        var problems = config.Problems().ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException($"{path}: {string.Join("; ", problems)}.");
        }

        foreach (var note in config.Notes())
        {
            Warnings.Add($"{path}: {note}");
        }

        return config;
    }

    /// <summary>What is wrong or unsupported, a phrase each; empty when the network can be built.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems() =>
        SizeProblems().Concat(NumberProblems()).Concat(RopeScaling?.Problems() ?? []).Concat(UnsupportedKeys());

    /// <summary>What two keys of the file say differently, and which of them holds, a sentence each; empty when they agree.</summary>
    /// <returns>The sentences, of which <see cref="Read"/> warns.</returns>
    public IEnumerable<string> Notes()
    {
        if (ConfiguredRopeScaling is { IsEmpty: false } old && RopeParameters is { IsEmpty: false } rope && !Completed(old).Says(Completed(rope)))
        {
            yield return "rope_scaling and rope_parameters say different things: rope_scaling holds.";
        }

        if (Rope?.Theta is { } theta && ConfiguredRopeTheta is { } outer && theta != outer)
        {
            yield return Text($"rope_theta is {outer} beside the scaling and {theta} in it: {theta} holds.");
        }

        if (Rope is { Kind: { } kind, OldKind: { } oldKind } && kind != oldKind)
        {
            yield return $"The scaling's rope_type is '{kind}' and its type '{oldKind}': {kind} holds.";
        }

        if (RopeScaling is { EffectiveKind: "llama3" or "yarn" } scaling)
        {
            if (Rope!.OriginalLength is { } inner && inner != scaling.OriginalLength)
            {
                yield return Text($"original_max_position_embeddings is {scaling.OriginalLength} beside the scaling and {inner} in it: {scaling.OriginalLength} holds.");
            }

            var implied = MaxPositions / scaling.OriginalLength!.Value;
            if (scaling.EffectiveKind == "yarn" && implied != 1 && implied != scaling.Factor)
            {
                yield return Text($"The scaling's factor is {scaling.Factor}, and max_position_embeddings is {implied} times the original length: {scaling.Factor} holds.");
            }
        }

        if (HasWindow && LayerTypes?.Index().Any(layer => (layer.Item == Sliding) != HasWindowByDefault(layer.Index)) == true)
        {
            yield return $"layer_types gives the sliding window to other layers than {(IsQwen ? "max_window_layers" : "sliding_window alone")} does: layer_types holds.";
        }

        if (!HasWindow && LayerTypes?.Contains(Sliding) == true)
        {
            yield return $"layer_types has {Sliding}, and {ModelType} has no sliding window: all layers attend in full.";
        }
    }

    private IEnumerable<string> SizeProblems()
    {
        if (!_defaults.ContainsKey(ModelType))
        {
            yield return $"model_type '{ModelType}' is not supported (supported: {string.Join(", ", _defaults.Keys)})";
        }

        // Far above any model there is, and low enough that no product overflows and no network takes minutes to build.
        foreach (var (name, value, most) in new[]
        {
            ("hidden_size", HiddenSize, 1_000_000), ("intermediate_size", IntermediateSize, 10_000_000), ("num_hidden_layers", LayerCount, 1000),
            ("num_attention_heads", HeadCount, 10_000), ("num_key_value_heads", KeyValueHeadCount, 10_000), ("vocab_size", VocabularySize, 10_000_000),
            ("max_position_embeddings", MaxPositions, int.MaxValue),
        })
        {
            if (value < 1 || value > most)
            {
                yield return $"{name} is {value}; it must be from 1 to {most}";
            }
        }

        if (HeadCount > 0 && KeyValueHeadCount > 0)
        {
            if (HeadCount % KeyValueHeadCount != 0)
            {
                yield return $"num_attention_heads ({HeadCount}) is not a multiple of num_key_value_heads ({KeyValueHeadCount})";
            }

            if (ConfiguredHeadSize is null && ModelType != "qwen3" && HiddenSize % HeadCount != 0)
            {
                yield return $"hidden_size ({HiddenSize}) is not a multiple of num_attention_heads ({HeadCount}) and there is no head_dim";
            }
            else if (HeadSize is < 2 or > 65536 || HeadSize % 2 != 0)
            {
                yield return $"the head size is {HeadSize}; rotary embeddings need an even number";
            }
        }
    }

    private IEnumerable<string> NumberProblems()
    {
        if (Activation is not ("silu" or "swish"))
        {
            yield return $"hidden_act '{Activation}' is not supported (silu is)";
        }

        if (!(AttentionDropout is >= 0 and < 1))
        {
            yield return $"attention_dropout is {AttentionDropout}; it must be from 0 up to but not including 1";
        }

        if (!(NormEpsilon > 0 && NormEpsilon < 1))
        {
            yield return $"rms_norm_eps is {NormEpsilon}; it must lie between 0 and 1";
        }

        if (!(RopeTheta > 1 && double.IsFinite(RopeTheta)))
        {
            yield return $"rope_theta is {RopeTheta}; it must be above 1";
        }

        if (ConfiguredSlidingWindow is < 1)
        {
            yield return $"sliding_window is {ConfiguredSlidingWindow}; it must be 1 or more, or null";
        }
    }

    private IEnumerable<string> UnsupportedKeys()
    {
        foreach (var head in ArchitectureNames.Heads(Architectures).Where(head => head != "CausalLM"))
        {
            yield return $"architectures names a model for {head}, which is not supported (CausalLM is)";
        }

        if (Unread.TryGetValue("quantization_config", out var quantization) && quantization.ValueKind != JsonValueKind.Null)
        {
            yield return "quantization_config: quantised checkpoints are not supported; take the unquantised model";
        }

        if (Unread.TryGetValue("partial_rotary_factor", out var partial) && !RopeScaling.IsOne(partial))
        {
            yield return $"partial_rotary_factor {partial} is not supported (1 is)";
        }

        if (LayerTypes is null)
        {
            yield break;
        }

        if (LayerTypes.FirstOrDefault(type => type is not (Full or Sliding), Full) is var other and not Full)
        {
            yield return $"layer_types has '{other ?? "null"}', which is not supported ({Full} and {Sliding} are)";
        }

        if (LayerTypes.Count != LayerCount)
        {
            yield return $"layer_types has {LayerTypes.Count} entries for {LayerCount} layers";
        }
        else if (ModelType != "llama" && LayerTypes.Contains(Sliding) && (!HasWindow || ConfiguredSlidingWindow is null))
        {
            yield return $"layer_types has {Sliding}, but {(IsQwen ? "use_sliding_window and " : "")}sliding_window {(IsQwen ? "give" : "gives")} no window";
        }
    }

    private RopeScaling Completed(RopeScaling rope)
    {
        var length = ConfiguredOriginalLength ?? rope.OriginalLength ?? MaxPositions;
        return rope with
        {
            Kind = rope.EffectiveKind,
            OldKind = null,
            Theta = rope.Theta ?? ConfiguredRopeTheta ?? 10000,
            OriginalLength = length,
            Factor = rope.Factor ?? (rope.EffectiveKind == "yarn" ? MaxPositions / length : null),
        };
    }

    private bool HasWindowByDefault(int layer) => !IsQwen || layer >= MaxWindowLayers;

    private static void AddDefaults(JsonObject config)
    {
        var family = config["model_type"] is JsonValue value && value.TryGetValue<string>(out var name) ? name : "";
        foreach (var (key, number) in _defaults.GetValueOrDefault(family) ?? [])
        {
            config.TryAdd(key, number);
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
