using System.Text.Json;

namespace ResLora.Models.Clip;

/// <summary>What a configuration of CLIP's text encoder asks for that is wrong or that the network cannot carry out.</summary>
/// <param name="config">The configuration.</param>
internal sealed class ClipTextConfigProblems(ClipTextConfig config)
{
    // The second has a projection behind what is pooled, which pipelines of Stable Diffusion 1 and 2 do not read.
    private static readonly string[] _classes = ["CLIPTextModel", "CLIPTextModelWithProjection"];

    // Of configurations that a library writes for every model: each is a way of computing that this network does not have.
    private static readonly string[] _switches = ["is_decoder", "add_cross_attention", "is_encoder_decoder"];

    /// <summary>All of it, a phrase each.</summary>
    public IEnumerable<string> All() =>
    [
        .. config.ModelType == ClipFamily.TextModel
            ? []
            : new[] { $"model_type '{config.ModelType}' is not supported (supported: {ClipFamily.TextModel})" },
        .. SizeProblems(),
        .. ConfigChecks.Dropouts(("attention_dropout", config.AttentionDropout)),
        .. ConfigChecks.Epsilon("layer_norm_eps", config.NormEpsilon),
        .. ConfigChecks.InitializerRange(config.InitializerRange),
        .. ConfigChecks.Activation(config.Activation),
        .. from name in config.Architectures ?? []
           where !_classes.Contains(name)
           select $"architectures names '{name}', which is not supported (supported: {string.Join(", ", _classes)})",
        .. UnsupportedKeys(),
    ];

    private IEnumerable<string> SizeProblems()
    {
        // Far above any model there is, and low enough that no product overflows and no network takes minutes to build.
        var sizes = ConfigChecks.Sizes(
            ("hidden_size", config.HiddenSize, 1_000_000), ("intermediate_size", config.IntermediateSize, 10_000_000),
            ("num_hidden_layers", config.LayerCount, 1000), ("num_attention_heads", config.HeadCount, 10_000),
            ("vocab_size", config.VocabularySize, 10_000_000), ("max_position_embeddings", config.PositionRows, 1_000_000));
        foreach (var problem in sizes.Concat(ConfigChecks.AttentionHeads(config.HiddenSize, config.HeadCount)))
        {
            yield return problem;
        }

        if (config.EndId != ClipTextConfig.OldEndId && (config.EndId < 0 || config.EndId >= config.VocabularySize))
        {
            yield return $"eos_token_id is {config.EndId}; it must be from 0 to {config.VocabularySize - 1}, the tokens that there are";
        }
    }

    private IEnumerable<string> UnsupportedKeys()
    {
        foreach (var key in _switches)
        {
            if (config.Unread.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.True)
            {
                yield return $"{key} is not supported: this is a text encoder";
            }
        }

        foreach (var problem in ConfigChecks.Quantization(config.Unread).Concat(ConfigChecks.PrunedHeads(config.Unread)))
        {
            yield return problem;
        }
    }
}
