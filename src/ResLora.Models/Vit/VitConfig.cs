using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Models.Vit;

/// <summary>
/// A <c>config.json</c> of a vision transformer: <c>vit</c>, and <c>deit</c>, which has a token for distillation. What the network cannot
/// carry out is refused by name; nothing that changes the numbers is ignored.
/// </summary>
public sealed record VitConfig
{
    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    /// <summary>The family.</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; init; } = "vit";

    /// <summary>D, the width of the hidden states.</summary>
    [JsonPropertyName("hidden_size")]
    public int HiddenSize { get; init; } = 768;

    /// <summary>F, the width inside the MLP.</summary>
    [JsonPropertyName("intermediate_size")]
    public int IntermediateSize { get; init; } = 3072;

    /// <summary>The number of layers.</summary>
    [JsonPropertyName("num_hidden_layers")]
    public int LayerCount { get; init; } = 12;

    /// <summary>H, the number of heads.</summary>
    [JsonPropertyName("num_attention_heads")]
    public int HeadCount { get; init; } = 12;

    /// <summary>Y and X, the size that every picture must have.</summary>
    [JsonPropertyName("image_size")]
    public PixelSize ImageSize { get; init; } = new(224, 224);

    /// <summary>The size of the parts that a picture is cut into, a token each.</summary>
    [JsonPropertyName("patch_size")]
    public PixelSize PatchSize { get; init; } = new(16, 16);

    /// <summary>C, the numbers of a pixel.</summary>
    [JsonPropertyName("num_channels")]
    public int Channels { get; init; } = 3;

    /// <summary>ε of the norms.</summary>
    [JsonPropertyName("layer_norm_eps")]
    public double NormEpsilon { get; init; } = 1e-12;

    /// <summary>The activation of the MLP.</summary>
    [JsonPropertyName("hidden_act")]
    public string Activation { get; init; } = "gelu";

    /// <summary>Whether the projections of queries, keys and values have biases.</summary>
    [JsonPropertyName("qkv_bias")]
    public bool ProjectionBias { get; init; } = true;

    /// <summary>Dropout on hidden states, in training only.</summary>
    [JsonPropertyName("hidden_dropout_prob")]
    public double HiddenDropout { get; init; }

    /// <summary>Dropout on attention weights, in training only.</summary>
    [JsonPropertyName("attention_probs_dropout_prob")]
    public double AttentionDropout { get; init; }

    /// <summary>Standard deviation of the normal distribution that new weights are drawn from.</summary>
    [JsonPropertyName("initializer_range")]
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>The labels' names by number.</summary>
    [JsonPropertyName("id2label")]
    public IReadOnlyDictionary<string, string>? LabelNames { get; init; }

    /// <summary>The number of outputs where there are no names.</summary>
    [JsonPropertyName("num_labels")]
    public int? LabelCount { get; init; }

    /// <summary>
    /// What the outputs are: <c>regression</c> or <c>single_label_classification</c>; null means regression for a single one.
    /// </summary>
    [JsonPropertyName("problem_type")]
    public string? ProblemType { get; init; }

    /// <summary>The classes that the model was saved from.</summary>
    [JsonPropertyName("architectures")]
    public IReadOnlyList<string?>? Architectures { get; init; }

    /// <summary>Everything else in the file; <see cref="Problems"/> looks for what would change the numbers.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>The parts that fit into a picture; pixels left over at the right and the lower edge are not seen.</summary>
    [JsonIgnore]
    public long PatchCount => (long)(ImageSize.Height / PatchSize.Height) * (ImageSize.Width / PatchSize.Width);

    /// <summary>Whether there is a token for distillation, whose output a head for labels does not read.</summary>
    [JsonIgnore]
    public bool IsDistilled => ModelType == "deit";

    /// <summary>T, the patches with the token of the whole picture and perhaps that for distillation.</summary>
    [JsonIgnore]
    public long TokenCount => PatchCount + (IsDistilled ? 2 : 1);

    /// <summary>The head that the configuration describes.</summary>
    [JsonIgnore]
    public ModelHead Head => ConfiguredHead.Head;

    /// <summary>What it says of the head.</summary>
    internal ConfiguredHead ConfiguredHead => new(LabelNames, LabelCount, ProblemType);

    /// <summary>Reads and checks a configuration.</summary>
    /// <param name="path">The path of config.json.</param>
    /// <returns>The configuration, free of problems.</returns>
    /// <exception cref="FileFormatException">The file is missing or not a configuration.</exception>
    /// <exception cref="ConfigException">The model needs something that is not supported; all such things are named.</exception>
    public static VitConfig Read(string path)
    {
        var config = CheckedJson.Deserialize<VitConfig>(path, _json);
        var problems = config.Problems().ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException($"{path}: {string.Join("; ", problems)}.");
        }

        foreach (var note in config.ConfiguredHead.Notes())
        {
            Warnings.Add($"{path}: {note}");
        }

        return config;
    }

    /// <summary>What is wrong or unsupported, a phrase each; empty when the network can be built.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems() => new VitConfigProblems(this).All();
}
