using System.Globalization;
using System.Text.Json;
using ResLora.Models.Blocks;

namespace ResLora.Models.Bert;

/// <summary>What a configuration of the BERT family asks for that is wrong or that the network cannot carry out.</summary>
/// <param name="config">The configuration.</param>
internal sealed class BertConfigProblems(BertConfig config)
{
    private static readonly string[] _families = ["bert", "roberta"];
    private static readonly string[] _heads = ["SequenceClassification", "MaskedLM", "PreTraining"];

    /// <summary>All of it, a phrase each.</summary>
    public IEnumerable<string> All() => SizeProblems().Concat(NumberProblems()).Concat(HeadProblems()).Concat(UnsupportedKeys());

    private IEnumerable<string> SizeProblems()
    {
        if (!_families.Contains(config.ModelType))
        {
            yield return $"model_type '{config.ModelType}' is not supported (supported: {string.Join(", ", _families)})";
        }

        // Far above any model there is, and low enough that no product overflows and no network takes minutes to build.
        foreach (var (name, value, most) in new[]
        {
            ("hidden_size", config.HiddenSize, 1_000_000), ("intermediate_size", config.IntermediateSize, 10_000_000), ("num_hidden_layers", config.LayerCount, 1000),
            ("num_attention_heads", config.HeadCount, 10_000), ("vocab_size", config.VocabularySize, 10_000_000), ("max_position_embeddings", config.PositionRows, 10_000_000),
            ("type_vocab_size", config.TypeCount, 1000),
        })
        {
            if (value < 1 || value > most)
            {
                yield return $"{name} is {value}; it must be from 1 to {most}";
            }
        }

        if (config.HeadCount > 0 && config.HiddenSize % config.HeadCount != 0)
        {
            yield return $"hidden_size ({config.HiddenSize}) is not a multiple of num_attention_heads ({config.HeadCount})";
        }

        if (config.PadId < 0 || config.PadId >= config.VocabularySize)
        {
            yield return $"pad_token_id is {config.PadId}; it must be from 0 to {config.VocabularySize - 1}";
        }
        else if (config.MaxPositions < 1)
        {
            yield return $"max_position_embeddings is {config.PositionRows}; RoBERTa's positions begin at pad_token_id + 1 = {config.PadId + 1}, which leaves none";
        }
    }

    private IEnumerable<string> NumberProblems()
    {
        foreach (var (name, value) in new[] { ("hidden_dropout_prob", config.HiddenDropout), ("attention_probs_dropout_prob", config.AttentionDropout), ("classifier_dropout", config.ClassifierDropout) })
        {
            if (!(value is >= 0 and < 1))
            {
                yield return $"{name} is {value}; it must be from 0 up to but not including 1";
            }
        }

        if (!(config.NormEpsilon > 0 && config.NormEpsilon < 1))
        {
            yield return $"layer_norm_eps is {config.NormEpsilon}; it must lie between 0 and 1";
        }

        if (!(config.InitializerRange >= 0 && double.IsFinite(config.InitializerRange)))
        {
            yield return $"initializer_range is {config.InitializerRange}; it must be 0 or more";
        }

        if (!ActivationFunctions.Names.Contains(config.Activation))
        {
            yield return $"hidden_act '{config.Activation}' is not supported (supported: {string.Join(", ", ActivationFunctions.Names)})";
        }
    }

    private IEnumerable<string> HeadProblems()
    {
        foreach (var head in ArchitectureNames.Heads(config.Architectures).Where(head => !_heads.Contains(head)))
        {
            yield return $"architectures names a model for {head}, whose head is none for texts (supported: {string.Join(", ", _heads)}); to train a new head on the rest, take that name out";
        }

        if (config.LabelNames is { Count: > 0 } names)
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
        else if (config.LabelCount is < 1 or > ModelHead.MostOutputs)
        {
            yield return $"num_labels is {config.LabelCount}; it must be from 1 to {ModelHead.MostOutputs}";
        }

        if (config.ProblemType is not (null or "regression" or "single_label_classification"))
        {
            yield return $"problem_type '{config.ProblemType}' is not supported (supported: regression, single_label_classification)";
        }

        // Labels and a score are told apart by the number of outputs; a file that says otherwise was trained for something else.
        var outputs = config.LabelNames is { Count: > 0 } ? config.LabelNames.Count : config.LabelCount ?? 2;
        if (config.ProblemType == (outputs == 1 ? "single_label_classification" : "regression"))
        {
            yield return $"problem_type '{config.ProblemType}' with {outputs} {(outputs == 1 ? "output" : "outputs")} is not supported: one output is a score, more are labels";
        }
    }

    private IEnumerable<string> UnsupportedKeys()
    {
        if (config.PositionKind is not (null or "absolute"))
        {
            yield return $"position_embedding_type '{config.PositionKind}' is not supported (absolute is)";
        }

        foreach (var key in new[] { "is_decoder", "add_cross_attention" })
        {
            if (config.Unread.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.True)
            {
                yield return $"{key} is not supported: this is an encoder";
            }
        }

        if (config.Unread.TryGetValue("tie_word_embeddings", out var tied) && tied.ValueKind == JsonValueKind.False)
        {
            yield return "tie_word_embeddings false is not supported: the head for masked tokens is the word embedding";
        }

        if (config.Unread.TryGetValue("quantization_config", out var quantization) && quantization.ValueKind != JsonValueKind.Null)
        {
            yield return "quantization_config: quantised checkpoints are not supported; take the unquantised model";
        }

        if (config.Unread.TryGetValue("pruned_heads", out var pruned) && pruned.ValueKind == JsonValueKind.Object && pruned.EnumerateObject().Any())
        {
            yield return "pruned_heads is not supported";
        }
    }
}
