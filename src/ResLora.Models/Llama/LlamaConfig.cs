using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Models.Llama;

/// <summary>
/// A <c>config.json</c> of the Llama family: <c>llama</c>, <c>mistral</c>, <c>qwen2</c> and <c>qwen3</c>. What the network
/// cannot carry out is refused by name; nothing that changes the numbers is ignored.
/// </summary>
public sealed record LlamaConfig
{
    private static readonly string[] _families = ["llama", "mistral", "qwen2", "qwen3"];

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

    /// <summary>K, the number of key and value heads; null means as many as query heads.</summary>
    [JsonPropertyName("num_key_value_heads")]
    public int? ConfiguredKeyValueHeadCount { get; init; }

    /// <summary>E, the width of a head; null means D / H (128 for qwen3).</summary>
    [JsonPropertyName("head_dim")]
    public int? ConfiguredHeadSize { get; init; }

    /// <summary>V, the number of tokens.</summary>
    [JsonPropertyName("vocab_size")]
    public required int VocabularySize { get; init; }

    /// <summary>The longest text that the model was made for, in tokens.</summary>
    [JsonPropertyName("max_position_embeddings")]
    public int MaxPositions { get; init; } = 2048;

    /// <summary>ε of the norms.</summary>
    [JsonPropertyName("rms_norm_eps")]
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>θ as written at the top of the file; null means 10000 or what <see cref="RopeParameters"/> says.</summary>
    [JsonPropertyName("rope_theta")]
    public double? ConfiguredRopeTheta { get; init; }

    /// <summary>How the rotary frequencies are stretched; null means not at all.</summary>
    [JsonPropertyName("rope_scaling")]
    public RopeScaling? ConfiguredRopeScaling { get; init; }

    /// <summary>θ and scaling in one object, as newer configurations write them.</summary>
    [JsonPropertyName("rope_parameters")]
    public RopeScaling? RopeParameters { get; init; }

    /// <summary>The activation of the MLP.</summary>
    [JsonPropertyName("hidden_act")]
    public string Activation { get; init; } = "silu";

    /// <summary>Whether q, k, v and o have biases; null means the family's default.</summary>
    [JsonPropertyName("attention_bias")]
    public bool? ConfiguredAttentionBias { get; init; }

    /// <summary>Whether the MLP's layers have biases.</summary>
    [JsonPropertyName("mlp_bias")]
    public bool MlpBias { get; init; }

    /// <summary>Dropout on attention weights; only 0 is supported.</summary>
    [JsonPropertyName("attention_dropout")]
    public double AttentionDropout { get; init; }

    /// <summary>Whether the output head is the embedding matrix itself.</summary>
    [JsonPropertyName("tie_word_embeddings")]
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Attention looks back over this many tokens; null means over all.</summary>
    [JsonPropertyName("sliding_window")]
    public int? ConfiguredSlidingWindow { get; init; }

    /// <summary>qwen2 and qwen3: whether <see cref="ConfiguredSlidingWindow"/> is in force.</summary>
    [JsonPropertyName("use_sliding_window")]
    public bool? UseSlidingWindow { get; init; }

    /// <summary>qwen2 and qwen3: the first layer that uses the sliding window.</summary>
    [JsonPropertyName("max_window_layers")]
    public int? MaxWindowLayers { get; init; }

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
    public double RopeTheta => ConfiguredRopeTheta ?? RopeParameters?.Theta ?? 10000;

    /// <summary>The scaling in force, or null.</summary>
    [JsonIgnore]
    public RopeScaling? RopeScaling => ConfiguredRopeScaling ?? RopeParameters;

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
    public int? SlidingWindow(int layer) => ModelType switch
    {
        "mistral" => ConfiguredSlidingWindow,
        "qwen2" or "qwen3" when UseSlidingWindow == true && layer >= (MaxWindowLayers ?? LayerCount) => ConfiguredSlidingWindow,
        _ => null,
    };

    /// <summary>Reads and checks a configuration.</summary>
    /// <param name="path">The path of config.json.</param>
    /// <returns>The configuration, free of problems.</returns>
    /// <exception cref="FileFormatException">The file is missing or not a configuration.</exception>
    /// <exception cref="ConfigException">The model needs something that is not supported; all such things are named.</exception>
    public static LlamaConfig Read(string path)
    {
        var config = CheckedJson.Deserialize<LlamaConfig>(path);
        var problems = config.Problems().ToArray();
        return problems.Length == 0 ? config : throw new ConfigException($"{path}: {string.Join("; ", problems)}.");
    }

    /// <summary>What is wrong or unsupported, a phrase each; empty when the network can be built.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (!_families.Contains(ModelType))
        {
            yield return $"model_type '{ModelType}' is not supported (supported: {string.Join(", ", _families)})";
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

        if (Activation is not ("silu" or "swish"))
        {
            yield return $"hidden_act '{Activation}' is not supported (silu is)";
        }

        if (AttentionDropout != 0)
        {
            yield return $"attention_dropout {AttentionDropout} is not supported (0 is)";
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

        foreach (var problem in RopeScaling?.Problems() ?? [])
        {
            yield return problem;
        }

        if (Unread.TryGetValue("quantization_config", out var quantization) && quantization.ValueKind != JsonValueKind.Null)
        {
            yield return "quantization_config: quantised checkpoints are not supported; take the unquantised model";
        }

        if (Unread.TryGetValue("partial_rotary_factor", out var partial) && partial.ValueKind == JsonValueKind.Number && partial.GetDouble() != 1)
        {
            yield return $"partial_rotary_factor {partial} is not supported (1 is)";
        }

        if (Unread.TryGetValue("layer_types", out var types) && types.ValueKind != JsonValueKind.Null && !Agrees(types))
        {
            yield return "layer_types asks for other windows than sliding_window, use_sliding_window and max_window_layers do, which is not supported";
        }
    }

    /// <summary>Whether newer configurations' list of layers says what we compute from the older keys.</summary>
    private bool Agrees(JsonElement layerTypes) =>
        layerTypes.ValueKind == JsonValueKind.Array
        && layerTypes.GetArrayLength() == LayerCount
        && layerTypes.EnumerateArray().Index().All(layer =>
            layer.Item.ValueKind == JsonValueKind.String
            && layer.Item.GetString() == (SlidingWindow(layer.Index) is null ? "full_attention" : "sliding_attention"));
}
