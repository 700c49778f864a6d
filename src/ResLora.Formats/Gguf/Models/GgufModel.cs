using System.Text.Json.Nodes;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf.Models;

/// <summary>A model in a GGUF file, seen as what Hugging Face's folder of the same model holds.</summary>
public sealed class GgufModel
{
    private static readonly string[] _ends = ["eos", "eot", "eom"];

    private GgufModel(JsonObject config, JsonObject generation, IReadOnlyList<GgufModelTensor> tensors) =>
        (Config, GenerationConfig, Tensors) = (config, generation, tensors);

    /// <summary>The architectures that are read, by llama.cpp's names; a file of mistral says llama.</summary>
    public static IReadOnlyList<string> Architectures { get; } = ["llama", "qwen2", "qwen3"];

    /// <summary>The content of config.json.</summary>
    public JsonObject Config { get; }

    /// <summary>The content of generation_config.json: begin, end and padding tokens, and how tokens are drawn where the file says
    /// so.</summary>
    public JsonObject GenerationConfig { get; }

    /// <summary>The tensors.</summary>
    public IReadOnlyList<GgufModelTensor> Tensors { get; }

    /// <summary>Reads and checks keys and the directory of tensors; no value of a weight.</summary>
    /// <param name="file">The open file.</param>
    /// <returns>The model.</returns>
    /// <exception cref="FileFormatException">Keys or tensors are missing, superfluous or do not fit.</exception>
    /// <exception cref="ConfigException">The architecture, or something that it asks for, is not supported.</exception>
    public static GgufModel Read(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var architecture = Architecture(file);
        var keys = new GgufModelKeys(file, architecture);
        var shape = GgufModelShape.Read(file, architecture);
        var tensors = GgufModelTensors.Of(file, shape);
        RequireTokens(file, shape);
        return new GgufModel(ConfigOf(file, keys, shape), Generation(file), tensors);
    }

    private static string Architecture(GgufFile file)
    {
        if (file.TryGet<string>("general.type", out var kind) && kind != "model")
        {
            throw new ConfigException($"'{file.Path}' holds a '{kind}' ('general.type'); a model is needed here.");
        }

        var architecture = file.Require<string>("general.architecture");
        return Architectures.Contains(architecture)
            ? architecture
            : throw new ConfigException($"'{file.Path}' has the architecture '{architecture}' ('general.architecture'); supported: {string.Join(", ", Architectures)}.");
    }

    private static void RequireTokens(GgufFile file, GgufModelShape shape)
    {
        const string key = "tokenizer.ggml.tokens";
        if (file.TryGet<string[]>(key, out var tokens) && tokens.Length != shape.Vocabulary)
        {
            throw new FileFormatException(
                $"'{file.Path}': '{key}' has {tokens.Length} tokens, and 'token_embd.weight' {shape.Vocabulary} rows; they must be as many.");
        }
    }

    private static JsonObject ConfigOf(GgufFile file, GgufModelKeys keys, GgufModelShape shape)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(shape.Architecture switch { "qwen2" => "Qwen2ForCausalLM", "qwen3" => "Qwen3ForCausalLM", _ => "LlamaForCausalLM" }),
            ["model_type"] = shape.Architecture,
            ["vocab_size"] = shape.Vocabulary,
            ["hidden_size"] = shape.Width,
            ["intermediate_size"] = shape.Inner,
            ["num_hidden_layers"] = shape.Layers,
            ["num_attention_heads"] = shape.Heads,
            ["num_key_value_heads"] = shape.KeyValueHeads,
            ["head_dim"] = shape.HeadSize,
            ["max_position_embeddings"] = shape.Positions,
            ["rms_norm_eps"] = keys.Positive("attention.layer_norm_rms_epsilon"),
            ["rope_theta"] = keys.Positive("rope.freq_base", 10000),
            ["hidden_act"] = "silu",
            ["tie_word_embeddings"] = shape.IsTied,
        };
        if (GgufRope.Scaling(file, keys, shape) is { } scaling)
        {
            config["rope_scaling"] = scaling;
        }

        if (shape.Architecture == "qwen2")
        {
            config["use_sliding_window"] = false;
        }
        else
        {
            config["attention_bias"] = shape.AttentionBias;
            config["mlp_bias"] = shape.MlpBias;
        }

        foreach (var (name, id) in new[] { ("bos_token_id", "bos"), ("eos_token_id", "eos"), ("pad_token_id", "padding") })
        {
            if (Token(file, id) is { } number)
            {
                config[name] = number;
            }
        }

        return config;
    }

    private static JsonObject Generation(GgufFile file)
    {
        var generation = new JsonObject();
        if (Token(file, "bos") is { } begin)
        {
            generation["bos_token_id"] = begin;
        }

        uint[] ends = [.. _ends.Select(name => Token(file, name)).OfType<uint>().Distinct()];
        if (ends.Length > 0)
        {
            generation["eos_token_id"] = ends is [var only] ? only : new JsonArray([.. ends.Select(end => (JsonNode)end)]);
        }

        if (Token(file, "padding") is { } padding)
        {
            generation["pad_token_id"] = padding;
        }

        return generation;
    }

    private static uint? Token(GgufFile file, string name) => file.TryGet<uint>($"tokenizer.ggml.{name}_token_id", out var id) ? id : null;
}
