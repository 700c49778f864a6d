using System.Text.Json;

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
        var sizes = ConfigChecks.Sizes(
            ("hidden_size", config.HiddenSize, 1_000_000), (
                "intermediate_size", config.IntermediateSize, 10_000_000), ("num_hidden_layers", config.LayerCount, 1000),
            ("num_attention_heads", config.HeadCount, 10_000), ("vocab_size", config.VocabularySize, 10_000_000), (
                "max_position_embeddings", config.PositionRows, 10_000_000),
            ("type_vocab_size", config.TypeCount, 1000));
        foreach (var problem in sizes.Concat(ConfigChecks.AttentionHeads(config.HiddenSize, config.HeadCount)))
        {
            yield return problem;
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

    private IEnumerable<string> NumberProblems() =>
    [
        .. ConfigChecks.Dropouts(
            ("hidden_dropout_prob", config.HiddenDropout), ("attention_probs_dropout_prob", config.AttentionDropout),
            ("classifier_dropout", config.ClassifierDropout)),
        .. ConfigChecks.Epsilon("layer_norm_eps", config.NormEpsilon),
        .. ConfigChecks.InitializerRange(config.InitializerRange),
        .. ConfigChecks.Activation(config.Activation),
    ];

    private IEnumerable<string> HeadProblems() =>
        ConfigChecks.Heads(config.Architectures, _heads, "texts").Concat(config.ConfiguredHead.Problems());

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

        foreach (var problem in ConfigChecks.Quantization(config.Unread).Concat(ConfigChecks.PrunedHeads(config.Unread)))
        {
            yield return problem;
        }
    }
}
