using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Models.Blocks;

namespace ResLora.Models.Bert;

/// <summary>
/// A <c>config.json</c> of the BERT family: <c>bert</c> and <c>roberta</c>. What the network cannot carry out is refused by name; nothing
/// that changes the numbers is ignored.
/// </summary>
public sealed record BertConfig
{
    private static readonly string[] _families = ["bert", "roberta"];
    private static readonly string[] _heads = ["SequenceClassification", "MaskedLM", "PreTraining"];
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
    public TextHead Head
    {
        get
        {
            if (Architectures is [{ } only] && (only.EndsWith("ForMaskedLM", StringComparison.Ordinal) || only.EndsWith("ForPreTraining", StringComparison.Ordinal)))
            {
                return TextHead.MaskedTokens;
            }

            var labels = LabelNames is { Count: > 0 } names
                ? [.. names.OrderBy(name => int.Parse(name.Key, CultureInfo.InvariantCulture)).Select(name => name.Value)]
                : TextHead.OfOutputs(LabelCount ?? 2).Labels;
            return labels.Count == 1 ? new TextHead(TextHeadKind.Score, labels) : TextHead.ForLabels(labels);
        }
    }

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
    public IEnumerable<string> Problems() => SizeProblems().Concat(NumberProblems()).Concat(HeadProblems()).Concat(UnsupportedKeys());

    /// <summary>What two keys of the file say differently, and which of them holds, a sentence each; empty when they agree.</summary>
    /// <returns>The sentences, of which <see cref="Read"/> warns.</returns>
    public IEnumerable<string> Notes()
    {
        if (LabelNames is { Count: > 0 } names && LabelCount is { } count && count != names.Count)
        {
            yield return $"num_labels is {count}, and id2label has {names.Count} labels: id2label holds.";
        }
    }

    private IEnumerable<string> SizeProblems()
    {
        if (!_families.Contains(ModelType))
        {
            yield return $"model_type '{ModelType}' is not supported (supported: {string.Join(", ", _families)})";
        }

        // Far above any model there is, and low enough that no product overflows and no network takes minutes to build.
        foreach (var (name, value, most) in new[]
        {
            ("hidden_size", HiddenSize, 1_000_000), ("intermediate_size", IntermediateSize, 10_000_000), ("num_hidden_layers", LayerCount, 1000),
            ("num_attention_heads", HeadCount, 10_000), ("vocab_size", VocabularySize, 10_000_000), ("max_position_embeddings", PositionRows, 10_000_000),
            ("type_vocab_size", TypeCount, 1000),
        })
        {
            if (value < 1 || value > most)
            {
                yield return $"{name} is {value}; it must be from 1 to {most}";
            }
        }

        if (HeadCount > 0 && HiddenSize % HeadCount != 0)
        {
            yield return $"hidden_size ({HiddenSize}) is not a multiple of num_attention_heads ({HeadCount})";
        }

        if (PadId < 0 || PadId >= VocabularySize)
        {
            yield return $"pad_token_id is {PadId}; it must be from 0 to {VocabularySize - 1}";
        }
        else if (MaxPositions < 1)
        {
            yield return $"max_position_embeddings is {PositionRows}; RoBERTa's positions begin at pad_token_id + 1 = {PadId + 1}, which leaves none";
        }
    }

    private IEnumerable<string> NumberProblems()
    {
        foreach (var (name, value) in new[] { ("hidden_dropout_prob", HiddenDropout), ("attention_probs_dropout_prob", AttentionDropout), ("classifier_dropout", ClassifierDropout) })
        {
            if (!(value is >= 0 and < 1))
            {
                yield return $"{name} is {value}; it must be from 0 up to but not including 1";
            }
        }

        if (!(NormEpsilon > 0 && NormEpsilon < 1))
        {
            yield return $"layer_norm_eps is {NormEpsilon}; it must lie between 0 and 1";
        }

        if (!(InitializerRange >= 0 && double.IsFinite(InitializerRange)))
        {
            yield return $"initializer_range is {InitializerRange}; it must be 0 or more";
        }

        if (!ActivationFunctions.Names.Contains(Activation))
        {
            yield return $"hidden_act '{Activation}' is not supported (supported: {string.Join(", ", ActivationFunctions.Names)})";
        }
    }

    private IEnumerable<string> HeadProblems()
    {
        foreach (var head in ArchitectureNames.Heads(Architectures).Where(head => !_heads.Contains(head)))
        {
            yield return $"architectures names a model for {head}, whose head is none for texts (supported: {string.Join(", ", _heads)}); to train a new head on the rest, take that name out";
        }

        if (LabelNames is { Count: > 0 } names)
        {
            if (Enumerable.Range(0, names.Count).Any(i => !names.ContainsKey(i.ToString(CultureInfo.InvariantCulture))))
            {
                yield return $"id2label has {names.Count} labels, which are not numbered 0 to {names.Count - 1}";
            }
            else if (names.Values.Any(string.IsNullOrWhiteSpace))
            {
                yield return "id2label has a label without a name";
            }
            else if (names.Values.Distinct(StringComparer.Ordinal).Count() < names.Count)
            {
                yield return "id2label gives two labels one name";
            }
        }
        else if (LabelCount is < 1 or > TextHead.MostOutputs)
        {
            yield return $"num_labels is {LabelCount}; it must be from 1 to {TextHead.MostOutputs}";
        }

        if (ProblemType is not (null or "regression" or "single_label_classification"))
        {
            yield return $"problem_type '{ProblemType}' is not supported (supported: regression, single_label_classification)";
        }

        // Labels and a score are told apart by the number of outputs; a file that says otherwise was trained for something else.
        var outputs = LabelNames is { Count: > 0 } ? LabelNames.Count : LabelCount ?? 2;
        if (ProblemType == (outputs == 1 ? "single_label_classification" : "regression"))
        {
            yield return $"problem_type '{ProblemType}' with {outputs} {(outputs == 1 ? "output" : "outputs")} is not supported: one output is a score, more are labels";
        }
    }

    private IEnumerable<string> UnsupportedKeys()
    {
        if (PositionKind is not (null or "absolute"))
        {
            yield return $"position_embedding_type '{PositionKind}' is not supported (absolute is)";
        }

        foreach (var key in new[] { "is_decoder", "add_cross_attention" })
        {
            if (Unread.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.True)
            {
                yield return $"{key} is not supported: this is an encoder";
            }
        }

        if (Unread.TryGetValue("tie_word_embeddings", out var tied) && tied.ValueKind == JsonValueKind.False)
        {
            yield return "tie_word_embeddings false is not supported: the head for masked tokens is the word embedding";
        }

        if (Unread.TryGetValue("quantization_config", out var quantization) && quantization.ValueKind != JsonValueKind.Null)
        {
            yield return "quantization_config: quantised checkpoints are not supported; take the unquantised model";
        }

        if (Unread.TryGetValue("pruned_heads", out var pruned) && pruned.ValueKind == JsonValueKind.Object && pruned.EnumerateObject().Any())
        {
            yield return "pruned_heads is not supported";
        }
    }
}
