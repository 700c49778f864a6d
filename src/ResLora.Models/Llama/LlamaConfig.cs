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
    /// <summary>How a file calls a layer with the sliding window.</summary>
    internal const string Sliding = "sliding_attention";

    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    /// <summary>What a family means by a key that a file leaves out, where that is not what the properties say.</summary>
    private static readonly Dictionary<string, (string Key, int Value)[]> _defaults = new(StringComparer.Ordinal)
    {
        ["llama"] = [],
        ["mistral"] = [("num_key_value_heads", 8), ("max_position_embeddings", 131072)],
        ["qwen2"] = [("num_key_value_heads", 32), ("max_position_embeddings", 32768)],
        ["qwen3"] = [("num_key_value_heads", 32), ("max_position_embeddings", 32768)],
    };

    /// <summary>The families that can be read.</summary>
    internal static IReadOnlyCollection<string> Families => _defaults.Keys;

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

    /// <summary>Whether this is a qwen2 or qwen3.</summary>
    internal bool IsQwen => ModelType is "qwen2" or "qwen3";

    /// <summary>Whether layers may have a sliding window.</summary>
    internal bool HasWindow => ModelType == "mistral" || (IsQwen && UseSlidingWindow == true);

    /// <summary>The scaling that holds, as the file has it.</summary>
    internal RopeScaling? Rope =>
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
    public IEnumerable<string> Problems() => new LlamaConfigProblems(this).All();

    /// <summary>What two keys of the file say differently, and which of them holds, a sentence each; empty when they agree.</summary>
    /// <returns>The sentences, of which <see cref="Read"/> warns.</returns>
    public IEnumerable<string> Notes() => LlamaConfigNotes.Of(this);

    /// <summary>A scaling with what it takes from the keys beside it.</summary>
    internal RopeScaling Completed(RopeScaling rope)
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

    /// <summary>Whether a layer has the window where no list of layers says so.</summary>
    internal bool HasWindowByDefault(int layer) => !IsQwen || layer >= MaxWindowLayers;

    private static void AddDefaults(JsonObject config)
    {
        var family = config["model_type"] is JsonValue value && value.TryGetValue<string>(out var name) ? name : "";
        foreach (var (key, number) in _defaults.GetValueOrDefault(family) ?? [])
        {
            config.TryAdd(key, number);
        }
    }
}
