using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Models.Clip;

/// <summary>
/// A <c>config.json</c> of CLIP's text encoder, <c>clip_text_model</c>, as Stable Diffusion has one. What the network cannot carry out is
/// refused by name; nothing that changes the numbers is ignored.
/// </summary>
public sealed record ClipTextConfig
{
    /// <summary>The end token of configurations that were written before the key meant anything: it is the highest id of a text.</summary>
    public const int OldEndId = 2;

    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    /// <summary>The family.</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; init; } = "clip_text_model";

    /// <summary>D, the width of the hidden states.</summary>
    [JsonPropertyName("hidden_size")]
    public int HiddenSize { get; init; } = 512;

    /// <summary>F, the width inside the MLP.</summary>
    [JsonPropertyName("intermediate_size")]
    public int IntermediateSize { get; init; } = 2048;

    /// <summary>The number of layers.</summary>
    [JsonPropertyName("num_hidden_layers")]
    public int LayerCount { get; init; } = 12;

    /// <summary>H, the number of heads.</summary>
    [JsonPropertyName("num_attention_heads")]
    public int HeadCount { get; init; } = 8;

    /// <summary>V, the number of tokens.</summary>
    [JsonPropertyName("vocab_size")]
    public int VocabularySize { get; init; } = 49408;

    /// <summary>The most tokens of a text, those around it included.</summary>
    [JsonPropertyName("max_position_embeddings")]
    public int PositionRows { get; init; } = 77;

    /// <summary>ε of the norms.</summary>
    [JsonPropertyName("layer_norm_eps")]
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>The activation of the MLP.</summary>
    [JsonPropertyName("hidden_act")]
    public string Activation { get; init; } = "quick_gelu";

    /// <summary>Dropout on attention weights, in training only. There is no other.</summary>
    [JsonPropertyName("attention_dropout")]
    public double AttentionDropout { get; init; }

    /// <summary>The token that ends a text, where the whole is read off; <see cref="OldEndId"/> stands for the highest id.</summary>
    [JsonPropertyName("eos_token_id")]
    public int EndId { get; init; } = 49407;

    /// <summary>Standard deviation of the normal distribution that new weights are drawn from.</summary>
    [JsonPropertyName("initializer_range")]
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>The classes that the model was saved from.</summary>
    [JsonPropertyName("architectures")]
    public IReadOnlyList<string?>? Architectures { get; init; }

    /// <summary>Everything else in the file; <see cref="Problems"/> looks for what would change the numbers.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>Reads and checks a configuration.</summary>
    /// <param name="path">The path of config.json.</param>
    /// <returns>The configuration, free of problems.</returns>
    /// <exception cref="FileFormatException">The file is missing or not a configuration.</exception>
    /// <exception cref="ConfigException">The model needs something that is not supported; all such things are named.</exception>
    public static ClipTextConfig Read(string path)
    {
        var config = CheckedJson.Deserialize<ClipTextConfig>(path, _json);
        var problems = config.Problems().ToArray();
        return problems.Length == 0 ? config : throw new ConfigException($"{path}: {string.Join("; ", problems)}.");
    }

    /// <summary>What is wrong or unsupported, a phrase each; empty when the network can be built.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems() => new ClipTextConfigProblems(this).All();
}
