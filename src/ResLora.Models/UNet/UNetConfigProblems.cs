using System.Text.Json;

namespace ResLora.Models.UNet;

/// <summary>What a configuration of a UNet asks for that is wrong or that the network cannot carry out.</summary>
/// <param name="config">The configuration.</param>
internal sealed class UNetConfigProblems(UNetConfig config)
{
    /// <summary>A block with transformers on the way down.</summary>
    public const string CrossDown = "CrossAttnDownBlock2D";

    /// <summary>A block with transformers on the way up.</summary>
    public const string CrossUp = "CrossAttnUpBlock2D";

    // Far above any model there is, and low enough that no product overflows and no network takes minutes to build.
    private const int MostChannels = 100_000;
    private const int MostBlocks = 16;
    private const int MostLayers = 100;
    private const int MostPixels = 100_000;

    private static readonly string[] _downBlocks = [CrossDown, "DownBlock2D"];
    private static readonly string[] _upBlocks = [CrossUp, "UpBlock2D"];

    // The values, as JSON, with which a key changes nothing.
    private static readonly Dictionary<string, string[]> _harmless = new(StringComparer.Ordinal)
    {
        ["attention_type"] = ["\"default\""],
        ["center_input_sample"] = ["false"],
        ["class_embed_type"] = ["null"],
        ["class_embeddings_concat"] = ["false"],
        ["conv_in_kernel"] = ["3"],
        ["conv_out_kernel"] = ["3"],
        ["cross_attention_norm"] = ["null"],
        ["downsample_padding"] = ["1"],
        ["dropout"] = ["0"],
        ["dual_cross_attention"] = ["false"],
        ["encoder_hid_dim"] = ["null"],
        ["encoder_hid_dim_type"] = ["null"],
        ["mid_block_only_cross_attention"] = ["null", "false"],
        ["mid_block_scale_factor"] = ["1"],
        ["mid_block_type"] = ["\"UNetMidBlock2DCrossAttn\""],
        ["num_class_embeds"] = ["null"],
        ["only_cross_attention"] = ["false"],
        ["resnet_out_scale_factor"] = ["1"],
        ["resnet_skip_time_act"] = ["false"],
        ["resnet_time_scale_shift"] = ["\"default\""],
        ["reverse_transformer_layers_per_block"] = ["null"],
        ["time_cond_proj_dim"] = ["null"],
        ["time_embedding_act_fn"] = ["null"],
        ["time_embedding_dim"] = ["null"],
        ["time_embedding_type"] = ["\"positional\""],
        ["timestep_post_act"] = ["null"],
    };

    // What is read only with another key that is refused.
    private static readonly string[] _idle =
        ["addition_embed_type_num_heads", "addition_time_embed_dim", "projection_class_embeddings_input_dim"];

    /// <summary>All of it, a phrase each.</summary>
    public IEnumerable<string> All()
    {
        string[] sizes = [.. SizeProblems()];
        return [.. Kinds(), .. sizes, .. sizes.Length == 0 ? Fit() : [], .. OtherKeys(), .. ConfigChecks.Quantization(config.Unread)];
    }

    private IEnumerable<string> Kinds() =>
    [
        .. config.Class == UNetConfig.ClassName
            ? []
            : new[] { $"_class_name '{config.Class}' is not supported ({UNetConfig.ClassName} is)" },
        .. config.Activation is "silu" or "swish" ? [] : new[] { $"act_fn '{config.Activation}' is not supported (silu is)" },
        .. Blocks("down_block_types", config.DownBlocks, _downBlocks),
        .. Blocks("up_block_types", config.UpBlocks, _upBlocks),
    ];

    private static IEnumerable<string> Blocks(string key, IEnumerable<string?> blocks, string[] known) =>
        from block in blocks.Distinct(StringComparer.Ordinal)
        where !known.Contains(block)
        select $"{key} '{block}' is not supported (supported: {string.Join(", ", known)})";

    private IEnumerable<string> SizeProblems()
    {
        var count = config.DownBlocks.Count;
        if (count is < 1 or > MostBlocks || config.UpBlocks.Count != count || config.Channels.Count != count)
        {
            return [$"down_block_types, up_block_types and block_out_channels have {count}, {config.UpBlocks.Count} and {config.Channels.Count} entries; "
                + $"they must have the same number, 1 to {MostBlocks}"];
        }

        return
        [
            .. ConfigChecks.Sizes(
            [
                ("in_channels", config.InChannels, MostChannels), ("out_channels", config.OutChannels, MostChannels),
                ("norm_num_groups", config.NormGroups, MostChannels),
                .. config.SampleSize is { } size
                    ? new[] { ("sample_size (height)", size.Height, MostPixels), ("sample_size (width)", size.Width, MostPixels) }
                    : [],
                .. config.Channels.Select(channels => ("block_out_channels", channels, MostChannels)),
            ]),
            .. config.Layers.Problems("layers_per_block", count, MostLayers),
            .. config.TransformerLayers.Problems("transformer_layers_per_block", count, MostLayers),
            .. config.TextWidth.Problems("cross_attention_dim", count, MostChannels),
            .. config.Heads.Problems(config.AttentionHeads is null ? "attention_head_dim" : "num_attention_heads", count, MostChannels),
            .. ConfigChecks.Epsilon("norm_eps", config.NormEpsilon),
        ];
    }

    private IEnumerable<string> Fit()
    {
        for (var block = 0; block < config.Channels.Count; block++)
        {
            var channels = config.Channels[block];
            if (channels % config.NormGroups != 0)
            {
                yield return $"block_out_channels {channels} is not a multiple of norm_num_groups ({config.NormGroups})";
            }

            if (channels % config.Heads.Of(block) != 0 && UNetShape.HasHeads(config, block))
            {
                yield return $"block_out_channels {channels} is not a multiple of the number of heads ({config.Heads.Of(block)})";
            }
        }

        if (config.TextWidth.Values.Distinct().Count() > 1)
        {
            yield return "cross_attention_dim must be the same in all blocks";
        }

        if (config.Channels[0] % 2 != 0)
        {
            yield return $"block_out_channels begins with {config.Channels[0]}, which has no half for the sines of the time";
        }

        if (!(config.FrequencyShift >= 0 && config.FrequencyShift < config.Channels[0] / 2))
        {
            yield return $"freq_shift is {config.FrequencyShift}; it must be from 0 up to but not including half of the first block_out_channels";
        }
    }

    private IEnumerable<string> OtherKeys()
    {
        foreach (var (key, value) in config.Unread)
        {
            if (key == "addition_embed_type" && value.ValueKind != JsonValueKind.Null)
            {
                yield return value.ValueKind == JsonValueKind.String && value.GetString() == "text_time"
                    ? "addition_embed_type 'text_time': this is the UNet of Stable Diffusion XL, which is not supported (Stable Diffusion 1 and 2 are)"
                    : $"addition_embed_type {value.GetRawText()} is not supported (null is)";
            }
            else if (_harmless.TryGetValue(key, out var values) && !values.Any(harmless => Is(value, harmless)))
            {
                yield return $"{key} {value.GetRawText()} is not supported ({string.Join(" or ", values)} is)";
            }
            else if (
                !_harmless.ContainsKey(key) && !_idle.Contains(key) && key is not (
                    "addition_embed_type" or "quantization_config") && key[0..1] != "_")
            {
                yield return $"the key '{key}' is not known, and what it changes neither";
            }
        }
    }

    private static bool Is(JsonElement value, string harmless) => value.ValueKind switch
    {
        JsonValueKind.Number =>
            value.TryGetDouble(out var number) && double.TryParse(
                harmless, System.Globalization.CultureInfo.InvariantCulture, out var wanted)
            && number == wanted,
        JsonValueKind.Array => value.EnumerateArray().All(entry => Is(entry, harmless)),
        _ => value.GetRawText() == harmless,
    };
}
