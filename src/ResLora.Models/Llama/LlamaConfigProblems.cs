namespace ResLora.Models.Llama;

/// <summary>What a configuration of the Llama family asks for that is wrong or that the network cannot carry out.</summary>
/// <param name="config">The configuration.</param>
internal sealed class LlamaConfigProblems(LlamaConfig config)
{
    private const string Sliding = LlamaConfig.Sliding;
    private const string Full = "full_attention";

    /// <summary>All of it, a phrase each.</summary>
    public IEnumerable<string> All() =>
        SizeProblems().Concat(NumberProblems()).Concat(config.RopeScaling?.Problems() ?? []).Concat(UnsupportedKeys());

    private IEnumerable<string> SizeProblems()
    {
        if (!LlamaConfig.Families.Contains(config.ModelType))
        {
            yield return $"model_type '{config.ModelType}' is not supported (supported: {string.Join(", ", LlamaConfig.Families)})";
        }

        // Far above any model there is, and low enough that no product overflows and no network takes minutes to build.
        var sizes = ConfigChecks.Sizes(
            ("hidden_size", config.HiddenSize, 1_000_000), (
                "intermediate_size", config.IntermediateSize, 10_000_000), ("num_hidden_layers", config.LayerCount, 1000),
            ("num_attention_heads", config.HeadCount, 10_000), (
                "num_key_value_heads", config.KeyValueHeadCount, 10_000), ("vocab_size", config.VocabularySize, 10_000_000),
            ("max_position_embeddings", config.MaxPositions, int.MaxValue));
        foreach (var problem in sizes)
        {
            yield return problem;
        }

        if (config.HeadCount > 0 && config.KeyValueHeadCount > 0)
        {
            if (config.HeadCount % config.KeyValueHeadCount != 0)
            {
                yield return $"num_attention_heads ({config.HeadCount}) is not a multiple of num_key_value_heads ({config.KeyValueHeadCount})";
            }

            if (config.ConfiguredHeadSize is null && config.ModelType != "qwen3" && config.HiddenSize % config.HeadCount != 0)
            {
                yield return $"hidden_size ({config.HiddenSize}) is not a multiple of num_attention_heads ({config.HeadCount}) and there is no head_dim";
            }
            else if (config.HeadSize is < 2 or > 65536 || config.HeadSize % 2 != 0)
            {
                yield return $"the head size is {config.HeadSize}; rotary embeddings need an even number";
            }
        }
    }

    private IEnumerable<string> NumberProblems()
    {
        if (config.Activation is not ("silu" or "swish"))
        {
            yield return $"hidden_act '{config.Activation}' is not supported (silu is)";
        }

        var dropout = ConfigChecks.Dropouts(("attention_dropout", config.AttentionDropout));
        foreach (var problem in dropout.Concat(ConfigChecks.Epsilon("rms_norm_eps", config.NormEpsilon)))
        {
            yield return problem;
        }

        if (!(config.RopeTheta > 1 && double.IsFinite(config.RopeTheta)))
        {
            yield return $"rope_theta is {config.RopeTheta}; it must be above 1";
        }

        if (config.ConfiguredSlidingWindow is < 1)
        {
            yield return $"sliding_window is {config.ConfiguredSlidingWindow}; it must be 1 or more, or null";
        }
    }

    private IEnumerable<string> UnsupportedKeys()
    {
        foreach (var head in ArchitectureNames.Heads(config.Architectures).Where(head => head != "CausalLM"))
        {
            yield return $"architectures names a model for {head}, which is not supported (CausalLM is)";
        }

        foreach (var problem in ConfigChecks.Quantization(config.Unread))
        {
            yield return problem;
        }

        if (config.Unread.TryGetValue("partial_rotary_factor", out var partial) && !RopeScaling.IsOne(partial))
        {
            yield return $"partial_rotary_factor {partial} is not supported (1 is)";
        }

        if (config.LayerTypes is null)
        {
            yield break;
        }

        if (config.LayerTypes.FirstOrDefault(type => type is not (Full or Sliding), Full) is var other and not Full)
        {
            yield return $"layer_types has '{other ?? "null"}', which is not supported ({Full} and {Sliding} are)";
        }

        if (config.LayerTypes.Count != config.LayerCount)
        {
            yield return $"layer_types has {config.LayerTypes.Count} entries for {config.LayerCount} layers";
        }
        else if (
            config.ModelType != "llama" && config.LayerTypes.Contains(Sliding) && (
                !config.HasWindow || config.ConfiguredSlidingWindow is null))
        {
            yield return $"layer_types has {Sliding}, but {(config.IsQwen ? "use_sliding_window and " : "")}sliding_window {(config.IsQwen ? "give" : "gives")} no window";
        }
    }
}
