using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Models.Bert;

/// <summary>
/// A <c>config.json</c> of the BERT family: <c>bert</c> and <c>roberta</c>. What the network cannot carry out is refused by name; nothing
/// that changes the numbers is ignored.
/// </summary>
public sealed record BertConfig
{
    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    /// <summary>The family.</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; init; } = "bert";

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

    /// <summary>V, the number of tokens.</summary>
    [JsonPropertyName("vocab_size")]
    public required int VocabularySize { get; init; }

    /// <summary>Rows of the position embedding; RoBERTa does not use the first <see cref="PadId"/> + 1.</summary>
    [JsonPropertyName("max_position_embeddings")]
    public int PositionRows { get; init; } = 512;

    /// <summary>How many types of tokens are told apart.</summary>
    [JsonPropertyName("type_vocab_size")]
    public int TypeCount { get; init; } = 2;

    /// <summary>ε of the norms.</summary>
    [JsonPropertyName("layer_norm_eps")]
    public double NormEpsilon { get; init; } = 1e-12;

    /// <summary>The activation of the MLP (and of BERT's head for masked tokens).</summary>
    [JsonPropertyName("hidden_act")]
    public string Activation { get; init; } = "gelu";

    /// <summary>Dropout on hidden states, in training only.</summary>
    [JsonPropertyName("hidden_dropout_prob")]
    public double HiddenDropout { get; init; } = 0.1;

    /// <summary>Dropout on attention weights, in training only.</summary>
    [JsonPropertyName("attention_probs_dropout_prob")]
    public double AttentionDropout { get; init; } = 0.1;

    /// <summary>Dropout before the classifier, in training only; null means <see cref="HiddenDropout"/>.</summary>
    [JsonPropertyName("classifier_dropout")]
    public double? ConfiguredClassifierDropout { get; init; }

    /// <summary>The padding token; null means the family's default.</summary>
    [JsonPropertyName("pad_token_id")]
    public int? ConfiguredPadId { get; init; }

    /// <summary>Standard deviation of the normal distribution that new weights are drawn from.</summary>
    [JsonPropertyName("initializer_range")]
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>How positions enter; only absolute is supported.</summary>
    [JsonPropertyName("position_embedding_type")]
    public string? PositionKind { get; init; }

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

    /// <summary>Whether this is a RoBERTa.</summary>
    [JsonIgnore]
    public bool IsRoberta => ModelType == "roberta";

    /// <summary>The token that fills up short rows.</summary>
    [JsonIgnore]
    public int PadId => ConfiguredPadId ?? (IsRoberta ? 1 : 0);

    /// <summary>Dropout before the classifier.</summary>
    [JsonIgnore]
    public double ClassifierDropout => ConfiguredClassifierDropout ?? HiddenDropout;

    /// <summary>The longest text in tokens: RoBERTa counts positions from the padding token's id + 1.</summary>
    [JsonIgnore]
    public int MaxPositions => IsRoberta ? PositionRows - PadId - 1 : PositionRows;

    /// <summary>The head that the configuration describes: for masked tokens when it was saved from such a class, else for texts.</summary>
    [JsonIgnore]
    public ModelHead Head
    {
        get
        {
            if (Architectures is [{ } only] && (
                only.EndsWith("ForMaskedLM", StringComparison.Ordinal) || only.EndsWith("ForPreTraining", StringComparison.Ordinal)))
            {
                return ModelHead.MaskedTokens;
            }

            return ConfiguredHead.Head;
        }
    }

    /// <summary>What it says of a head for texts.</summary>
    internal ConfiguredHead ConfiguredHead => new(LabelNames, LabelCount, ProblemType);

    /// <summary>Reads and checks a configuration.</summary>
    /// <param name="path">The path of config.json.</param>
    /// <returns>The configuration, free of problems.</returns>
    /// <exception cref="FileFormatException">The file is missing or not a configuration.</exception>
    /// <exception cref="ConfigException">The model needs something that is not supported; all such things are named.</exception>
    public static BertConfig Read(string path)
    {
        var config = CheckedJson.Deserialize<BertConfig>(path, _json);
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
    public IEnumerable<string> Problems() => new BertConfigProblems(this).All();

    /// <summary>What two keys of the file say differently, and which of them holds, a sentence each; empty when they agree.</summary>
    /// <returns>The sentences, of which <see cref="Read"/> warns.</returns>
    public IEnumerable<string> Notes() => ConfiguredHead.Notes();
}
