using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Models.Gguf;
using ResLora.Tensors.Gguf;
using static TorchSharp.torch;

namespace ResLora.Models.Llama;

/// <summary>How a model of the Llama family is laid out in GGUF: keys, names and order of rows, as llama.cpp expects them.</summary>
/// <remarks>
/// llama.cpp's architecture <c>llama</c> turns pairs of neighbouring rows, where Hugging Face turns row i with row i + E/2 of a head, so
/// the rows of queries and keys change places. Its <c>qwen2</c> and <c>qwen3</c> turn the rows as they stand.
/// </remarks>
public sealed class GgufLlamaExport : IGgufExport
{
    private const string LayerPrefix = "model.layers.";

    private static readonly Dictionary<string, string> _topNames = new(StringComparer.Ordinal)
    {
        ["model.embed_tokens"] = "token_embd",
        ["model.norm"] = "output_norm",
        ["lm_head"] = "output",
    };

    private static readonly Dictionary<string, string> _layerNames = new(StringComparer.Ordinal)
    {
        ["input_layernorm"] = "attn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["post_attention_layernorm"] = "ffn_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
    };

    private readonly LlamaConfig _config;

    /// <summary>Looks whether llama.cpp can carry out such a model.</summary>
    /// <param name="config">The model's description, free of problems.</param>
    /// <exception cref="ConfigException">The model has something that llama.cpp's architecture lacks; all such things are
    /// named.</exception>
    public GgufLlamaExport(LlamaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        _config = config;
        var problems = Problems().ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException($"The model cannot be written as GGUF: {string.Join("; ", problems)}.");
        }
    }

    /// <summary>llama.cpp's name of the architecture: <c>llama</c> (also for mistral), <c>qwen2</c> or <c>qwen3</c>.</summary>
    public string Architecture => _config.ModelType == "mistral" ? "llama" : _config.ModelType;

    /// <inheritdoc />
    public IReadOnlyList<string> Losses =>
    [
        .. Enumerable.Range(0, _config.LayerCount).Select(_config.SlidingWindow).FirstOrDefault(
            window => window is not null) is { } tokens && tokens < _config.MaxPositions
            ? [$"llama.cpp's architecture {Architecture} has no sliding window: texts longer than {tokens} tokens are attended to in full."]
            : Array.Empty<string>(),
        .. _config.RopeScaling is { EffectiveKind: "dynamic" }
            ? [$"llama.cpp has no rope scaling of type dynamic: frequencies are not stretched for texts longer than {_config.MaxPositions} tokens."]
            : Array.Empty<string>(),
    ];

    private bool TurnsNeighbours => Architecture == "llama";

    /// <inheritdoc />
    public void Describe(GgufMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var (prefix, head) = (Architecture, (uint)_config.HeadSize);
        metadata.Add($"{prefix}.vocab_size", (uint)_config.VocabularySize);
        metadata.Add($"{prefix}.context_length", (uint)_config.MaxPositions);
        metadata.Add($"{prefix}.embedding_length", (uint)_config.HiddenSize);
        metadata.Add($"{prefix}.block_count", (uint)_config.LayerCount);
        metadata.Add($"{prefix}.feed_forward_length", (uint)_config.IntermediateSize);
        metadata.Add($"{prefix}.attention.head_count", (uint)_config.HeadCount);
        metadata.Add($"{prefix}.attention.head_count_kv", (uint)_config.KeyValueHeadCount);
        metadata.Add($"{prefix}.attention.layer_norm_rms_epsilon", (float)_config.NormEpsilon);
        metadata.Add($"{prefix}.rope.dimension_count", head);
        metadata.Add($"{prefix}.rope.freq_base", (float)_config.RopeTheta);
        if (_config.HeadSize * _config.HeadCount != _config.HiddenSize)
        {
            metadata.Add($"{prefix}.attention.key_length", head);
            metadata.Add($"{prefix}.attention.value_length", head);
        }

        if (_config.RopeScaling is { EffectiveKind: "linear" or "yarn" } scaling)
        {
            metadata.Add($"{prefix}.rope.scaling.type", scaling.EffectiveKind);
            metadata.Add($"{prefix}.rope.scaling.factor", (float)scaling.Factor!.Value);
            if (scaling.EffectiveKind == "yarn")
            {
                metadata.Add($"{prefix}.rope.scaling.original_context_length", (uint)scaling.OriginalLength!.Value);
            }
        }
    }

    /// <inheritdoc />
    /// <remarks>A tied head is left out, as llama.cpp then takes the embedding.</remarks>
    public IEnumerable<GgufTensor> Tensors(Network model, GgufWeightType type)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (var (name, parameter) in model.named_parameters())
        {
            yield return new GgufTensor(
                TensorName(name), parameter.shape, type, () => HeadsOf(name) is { } heads ? Reorder(parameter, heads) : parameter.detach());
        }

        if (_config.RopeScaling is { EffectiveKind: "llama3" } scaling)
        {
            // The divisor of each pair's frequency; its product with the scaled frequency is the plain one.
            float[] divisors = [.. new RopeScaling().Frequencies(_config.RopeTheta, _config.HeadSize)
                .Zip(scaling.Frequencies(_config.RopeTheta, _config.HeadSize), (plain, scaled) => (float)(plain / scaled))];
            yield return new GgufTensor("rope_freqs.weight", [divisors.Length], GgufWeightType.F32, () => tensor(divisors));
        }
    }

    /// <inheritdoc />
    public string AdaptedName(string module) => module switch
    {
        "lm_head" when _config.TieWordEmbeddings => throw new ConfigException(
            "An adapter on 'lm_head' cannot be written as GGUF: the head is tied to the embedding and is no tensor of its own there."),
        "model.embed_tokens" => throw new ConfigException("An adapter on 'model.embed_tokens' cannot be written as GGUF."),
        _ => TensorName($"{module}.weight"),
    };

    /// <inheritdoc />
    public Tensor OrderRows(string module, Tensor rows) => HeadsOf($"{module}.weight") is { } heads ? Reorder(rows, heads) : rows.alias();

    /// <summary>Row i of a head's first half and row i of its second half become neighbours.</summary>
    private static Tensor Reorder(Tensor rows, int heads)
    {
        using var scope = NewDisposeScope();
        long[] rest = rows.shape[1..];
        var halves = rows.detach().reshape([heads, 2, rows.shape[0] / heads / 2, .. rest]);   // [H·E, ...] -> [H, 2, E/2, ...]
        return halves.transpose(1, 2).reshape(rows.shape).MoveToOuterDisposeScope();            // [H, E/2, 2, ...] -> [H·E, ...]
    }

    /// <summary>The number of heads whose rows change places in a parameter, or null.</summary>
    private int? HeadsOf(string parameter) => !TurnsNeighbours ? null
        : parameter.Contains(".self_attn.q_proj.", StringComparison.Ordinal) ? _config.HeadCount
        : parameter.Contains(".self_attn.k_proj.", StringComparison.Ordinal) ? _config.KeyValueHeadCount
        : null;

    private static string TensorName(string parameter)
    {
        var dot = parameter.LastIndexOf('.');
        var (module, kind) = (parameter[..Math.Max(dot, 0)], parameter[(dot + 1)..]);
        if (_topNames.TryGetValue(module, out var name))
        {
            return $"{name}.{kind}";
        }

        if (module.StartsWith(LayerPrefix, StringComparison.Ordinal)
            && module[LayerPrefix.Length..].Split('.', 2) is [var layer, var part]
            && int.TryParse(layer, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && _layerNames.TryGetValue(part, out name))
        {
            return $"blk.{layer}.{name}.{kind}";
        }

        throw new ConfigException($"'{parameter}' has no place in a GGUF file of this family.");
    }

    private IEnumerable<string> Problems()
    {
        if (!TurnsNeighbours && _config.RopeScaling is { EffectiveKind: "llama3" })
        {
            yield return $"llama.cpp reads the factors of rope_scaling llama3 for the architecture llama only, not for {Architecture}";
        }

        if (_config.RopeScaling is { EffectiveKind: "yarn" } yarn && !IsPlainYarn(yarn))
        {
            yield return "of rope_scaling yarn, llama.cpp's releases agree on factor and original length alone, not on attention_factor, mscale, beta_fast, beta_slow and truncate";
        }

        if (!TurnsNeighbours && _config.MlpBias)
        {
            yield return $"llama.cpp's {Architecture} has no biases in the MLP (mlp_bias)";
        }

        if (_config.ModelType == "qwen3" && _config.QueryKeyValueBias)
        {
            yield return "llama.cpp's qwen3 has no biases in the attention (attention_bias)";
        }
    }

    private static bool IsPlainYarn(RopeScaling scaling)
    {
        var plain = new RopeScaling { Kind = "yarn", Factor = scaling.Factor, OriginalLength = scaling.OriginalLength };
        return Math.Abs(scaling.AttentionScale - plain.AttentionScale) < 1e-6
            && scaling.Frequencies(10000, 128).SequenceEqual(plain.Frequencies(10000, 128))
            && scaling.OriginalLength == Math.Floor(scaling.OriginalLength!.Value);
    }
}
