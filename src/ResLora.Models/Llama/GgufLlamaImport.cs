using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Gguf;
using static TorchSharp.torch;

namespace ResLora.Models.Llama;

/// <summary>
/// Builds a network from a GGUF file alone. It is the counterpart of <see cref="GgufLlamaExport"/> and shares nothing with it: what it
/// reads right was written right.
/// </summary>
public static partial class GgufLlamaImport
{
    private const string FrequencyDivisors = "rope_freqs.weight";

    /// <summary>The architectures that are read.</summary>
    public static IReadOnlyList<string> Architectures { get; } = ["llama", "qwen2", "qwen3"];

    /// <summary>Builds the model of a file, computing in float32.</summary>
    /// <param name="file">The open file; may be closed afterwards.</param>
    /// <returns>The model in evaluation mode, owned by the caller.</returns>
    /// <exception cref="FileFormatException">Keys or tensors are missing, superfluous or of another shape.</exception>
    /// <exception cref="ConfigException">The file asks for something that is not supported.</exception>
    public static CausalLanguageModel Load(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var architecture = Architecture(file);
        var config = Config(file, architecture);
        var problems = config.Problems().ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException($"'{file.Path}': {string.Join("; ", problems)}.");
        }

        var model = new LlamaModel(config, Frequencies(file, config));
        try
        {
            RequireExactly(file, model);
            ModelWeights.Fill(model, (name, shape) => Weight(file, config, name, shape));
            model.eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The GGUF name of a parameter of our network.</summary>
    /// <param name="parameter">Such as <c>model.layers.3.mlp.up_proj.weight</c>.</param>
    /// <returns>Such as <c>blk.3.ffn_up.weight</c>.</returns>
    public static string StoredName(string parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        var match = LayerParameter().Match(parameter);
        if (!match.Success)
        {
            return parameter switch
            {
                "model.embed_tokens.weight" => "token_embd.weight",
                "model.norm.weight" => "output_norm.weight",
                "lm_head.weight" => "output.weight",
                _ => throw new ArgumentException($"'{parameter}' is no parameter of the Llama family.", nameof(parameter)),
            };
        }

        var stored = match.Groups["part"].Value switch
        {
            "input_layernorm" => "attn_norm",
            "post_attention_layernorm" => "ffn_norm",
            "self_attn.o_proj" => "attn_output",
            var part when part.StartsWith("self_attn.", StringComparison.Ordinal) => $"attn_{part["self_attn.".Length..].Replace("_proj", "", StringComparison.Ordinal)}",
            var part => $"ffn_{part["mlp.".Length..].Replace("_proj", "", StringComparison.Ordinal)}",
        };
        return $"blk.{match.Groups["layer"].Value}.{stored}.{match.Groups["kind"].Value}";
    }

    /// <summary>Puts rows that llama.cpp turns as neighbours back into the order of Hugging Face, a head at a time.</summary>
    /// <param name="rows">[H·E, ...] in the order of the file; borrowed.</param>
    /// <param name="heads">H, the heads that the rows belong to.</param>
    /// <returns>New tensor of the same shape, owned by the caller.</returns>
    public static Tensor RestoreRows(Tensor rows, int heads)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var size = rows.shape[0] / heads;
        // Even rows of a head are its first half, odd rows its second.
        long[] order = [.. from head in Enumerable.Range(0, heads)
                           from half in Enumerable.Range(0, 2)
                           from pair in Enumerable.Range(0, (int)size / 2)
                           select head * size + 2 * pair + half];
        using var index = tensor(order);
        return rows.index_select(0, index);
    }

    /// <summary>The heads whose rows of a stored tensor stand in llama.cpp's order, or null when none do.</summary>
    /// <param name="storedName">The name in the file, such as <c>blk.0.attn_q.weight</c>.</param>
    /// <param name="config">The model's description.</param>
    /// <returns>The number of heads, or null.</returns>
    public static int? ReorderedHeads(string storedName, LlamaConfig config)
    {
        ArgumentNullException.ThrowIfNull(storedName);
        ArgumentNullException.ThrowIfNull(config);
        var part = storedName.Split('.') is ["blk", _, var name, ..] ? name : "";
        return config.ModelType != "llama" ? null : part switch
        {
            "attn_q" => config.HeadCount,
            "attn_k" => config.KeyValueHeadCount,
            _ => null,
        };
    }

    private static string Architecture(GgufFile file)
    {
        var architecture = file.Require<string>("general.architecture");
        if (file.TryGet<string>("general.type", out var kind) && kind != "model")
        {
            throw new ConfigException($"'{file.Path}' holds a '{kind}'; a model is needed here.");
        }

        return Architectures.Contains(architecture)
            ? architecture
            : throw new ConfigException($"'{file.Path}' has the architecture '{architecture}'; supported: {string.Join(", ", Architectures)}.");
    }

    private static LlamaConfig Config(GgufFile file, string architecture)
    {
        var width = Size("embedding_length");
        var heads = Size("attention.head_count");
        var headSize = SizeOrNull("attention.key_length") ?? width / Math.Max(heads, 1);
        if (Size("rope.dimension_count") != headSize)
        {
            throw new ConfigException(
                $"'{file.Path}' turns only a part of each head ({architecture}.rope.dimension_count), which is not supported.");
        }

        if ((SizeOrNull("attention.value_length") ?? headSize) != headSize)
        {
            throw new ConfigException(
                $"'{file.Path}' has values of another width than keys ({architecture}.attention.value_length), which is not supported.");
        }

        return new LlamaConfig
        {
            ModelType = architecture,
            HiddenSize = width,
            IntermediateSize = Size("feed_forward_length"),
            LayerCount = Size("block_count"),
            HeadCount = heads,
            ConfiguredKeyValueHeadCount = SizeOrNull("attention.head_count_kv") ?? heads,
            ConfiguredHeadSize = headSize,
            VocabularySize = (int)Math.Min(Entry("token_embd.weight").Shape[0], int.MaxValue),
            MaxPositions = Size("context_length"),
            NormEpsilon = file.Require<float>($"{architecture}.attention.layer_norm_rms_epsilon"),
            ConfiguredRopeTheta = file.TryGet<float>($"{architecture}.rope.freq_base", out var theta) ? theta : 10000,
            ConfiguredRopeScaling = Scaling(file, architecture),
            ConfiguredAttentionBias = architecture == "llama" && file.Entries.ContainsKey("blk.0.attn_q.bias"),
            MlpBias = file.Entries.ContainsKey("blk.0.ffn_up.bias"),
            TieWordEmbeddings = !file.Entries.ContainsKey("output.weight"),
        };

        int Size(string key) => SizeOrNull(key) ?? throw new FileFormatException($"'{file.Path}' has no key '{architecture}.{key}'.");

        int? SizeOrNull(string key) => !file.TryGet<uint>($"{architecture}.{key}", out var size) ? null
            : size <= int.MaxValue ? (int)size
            : throw new FileFormatException($"'{file.Path}': '{architecture}.{key}' is {size}.");

        GgufEntry Entry(string name) => file.Entries.GetValueOrDefault(name) ?? throw new FileFormatException(
            $"'{file.Path}' has no tensor '{name}'.");
    }

    private static RopeScaling? Scaling(GgufFile file, string architecture)
    {
        if (!file.TryGet<string>($"{architecture}.rope.scaling.type", out var kind) || kind == "none")
        {
            return null;
        }

        return kind is "linear" or "yarn"
            ? new RopeScaling
            {
                Kind = kind,
                Factor = file.Require<float>($"{architecture}.rope.scaling.factor"),
                OriginalLength = kind == "yarn" ? file.Require<uint>($"{architecture}.rope.scaling.original_context_length") : null,
            }
            : throw new ConfigException($"'{file.Path}' has a rope scaling of type '{kind}'; linear and yarn are supported.");
    }

    /// <summary>The frequencies of the configuration, divided by what the file says of each.</summary>
    private static float[] Frequencies(GgufFile file, LlamaConfig config)
    {
        var frequencies = config.RotaryFrequencies();
        if (!file.Entries.ContainsKey(FrequencyDivisors))
        {
            return frequencies;
        }

        using var stored = file.Read(FrequencyDivisors);
        using var divisors = stored.to(float32);
        float[] values = [.. divisors.data<float>()];
        return values.Length == frequencies.Length && values.All(divisor => divisor > 0 && float.IsFinite(divisor))
            ? [.. frequencies.Zip(values, (frequency, divisor) => frequency / divisor)]
            : throw new FileFormatException($"'{file.Path}': '{FrequencyDivisors}' must hold {frequencies.Length} positive numbers; found {string.Join(", ", values.Take(8))}.");
    }

    private static void RequireExactly(GgufFile file, LlamaModel model)
    {
        var wanted = model.named_parameters().Select(parameter => StoredName(parameter.name)).ToHashSet(StringComparer.Ordinal);
        var missing = wanted.Where(name => !file.Entries.ContainsKey(name)).Select(name => $"'{name}' is missing");
        var strange = file.Entries.Keys.Where(name => !wanted.Contains(name) && name != FrequencyDivisors).Select(name => $"'{name}' belongs to no layer");
        var problems = missing.Concat(strange).Take(8).ToArray();
        if (problems.Length > 0)
        {
            throw new FileFormatException($"'{file.Path}': the tensors do not fit the keys: {string.Join("; ", problems)}.");
        }
    }

    private static Tensor Weight(GgufFile file, LlamaConfig config, string parameter, long[] shape)
    {
        using var scope = NewDisposeScope();
        var name = StoredName(parameter);
        if (!file.Entries[name].Shape.SequenceEqual(shape))
        {
            throw new FileFormatException(
                $"'{file.Path}': '{name}' is [{string.Join(", ", file.Entries[name].Shape)}]; [{string.Join(", ", shape)}] is needed.");
        }

        var stored = file.Read(name).to(float32);
        return (ReorderedHeads(name, config) is { } heads ? RestoreRows(stored, heads) : stored).MoveToOuterDisposeScope();
    }

    [GeneratedRegex(@"^model\.layers\.(?<layer>\d+)\.(?<part>.+)\.(?<kind>weight|bias)$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LayerParameter();
}
