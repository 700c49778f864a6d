using System.Text.Json;

namespace ResLora.Models.Vit;

/// <summary>What a configuration of a vision transformer asks for that is wrong or that the network cannot carry out.</summary>
/// <param name="config">The configuration.</param>
internal sealed class VitConfigProblems(VitConfig config)
{
    private const int MostPixels = 100_000;
    private const long MostPatches = 10_000_000;

    private static readonly string[] _families = ["vit", "deit"];
    private static readonly string[] _heads = ["ImageClassification", "MaskedImageModeling", "ImageClassificationWithTeacher"];

    /// <summary>All of it, a phrase each.</summary>
    public IEnumerable<string> All() =>
    [
        .. _families.Contains(config.ModelType)
            ? []
            : new[] { $"model_type '{config.ModelType}' is not supported (supported: {string.Join(", ", _families)})" },
        .. SizeProblems(),
        .. ConfigChecks.Dropouts(("hidden_dropout_prob", config.HiddenDropout), ("attention_probs_dropout_prob", config.AttentionDropout)),
        .. ConfigChecks.Epsilon("layer_norm_eps", config.NormEpsilon),
        .. ConfigChecks.InitializerRange(config.InitializerRange),
        .. ConfigChecks.Activation(config.Activation),
        .. ConfigChecks.Heads(config.Architectures, _heads, "pictures"),
        .. config.ConfiguredHead.Problems(),
        .. UnsupportedKeys(),
    ];

    private IEnumerable<string> SizeProblems()
    {
        // Far above any model there is, and low enough that no product overflows and no network takes minutes to build.
        string[] sizes =
        [
            .. ConfigChecks.Sizes(
                ("hidden_size", config.HiddenSize, 1_000_000), ("intermediate_size", config.IntermediateSize, 10_000_000),
                ("num_hidden_layers", config.LayerCount, 1000), ("num_attention_heads", config.HeadCount, 10_000),
                ("num_channels", config.Channels, 1000),
                ("image_size (height)", config.ImageSize.Height, MostPixels), ("image_size (width)", config.ImageSize.Width, MostPixels),
                ("patch_size (height)", config.PatchSize.Height, MostPixels), ("patch_size (width)", config.PatchSize.Width, MostPixels)),
            .. ConfigChecks.AttentionHeads(config.HiddenSize, config.HeadCount),
        ];
        if (sizes.Length > 0)
        {
            return sizes;
        }

        return config.PatchCount switch
        {
            0 => [$"patch_size ({config.PatchSize}) is larger than image_size ({config.ImageSize})"],
            > MostPatches and var count =>
                [$"image_size ({config.ImageSize}) has {count} patches of {config.PatchSize}; at most {MostPatches} are supported"],
            _ => [],
        };
    }

    private IEnumerable<string> UnsupportedKeys()
    {
        if (config.Unread.TryGetValue("head_dim", out var size) && size.ValueKind != JsonValueKind.Null
            && !(size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var head) && head * config.HeadCount == config.HiddenSize))
        {
            yield return $"head_dim {size} is not supported (hidden_size / num_attention_heads is)";
        }

        foreach (var problem in ConfigChecks.Quantization(config.Unread).Concat(ConfigChecks.PrunedHeads(config.Unread)))
        {
            yield return problem;
        }
    }
}
