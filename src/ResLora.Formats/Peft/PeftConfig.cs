using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Formats.Peft;

/// <summary>
/// An <c>adapter_config.json</c> as the PEFT library reads and writes it. Only keys that every known reader accepts are
/// written; keys that change the numbers in a way that is not supported are refused by name when read.
/// </summary>
public sealed record PeftConfig
{
    /// <summary>The file's name in an adapter folder.</summary>
    public const string FileName = "adapter_config.json";

    /// <summary>The name of the tensor file beside it.</summary>
    public const string TensorFileName = "adapter_model.safetensors";

    /// <summary>What PEFT puts before a module's name in the tensor file.</summary>
    public const string TensorPrefix = "base_model.model.";

    private static readonly JsonSerializerOptions _written = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n" };

    /// <summary>The method; only LORA is supported.</summary>
    [JsonPropertyName("peft_type")]
    public required string PeftType { get; init; }

    /// <summary>The kind of task, such as CAUSAL_LM.</summary>
    [JsonPropertyName("task_type")]
    public string? TaskType { get; init; }

    /// <summary>The model that the adapter belongs to: a hub name or a folder.</summary>
    [JsonPropertyName("base_model_name_or_path")]
    public string? BaseModel { get; init; }

    /// <summary>R. Default 8.</summary>
    [JsonPropertyName("r")]
    public int Rank { get; init; } = 8;

    /// <summary>alpha. Default 8.</summary>
    [JsonPropertyName("lora_alpha")]
    public double Alpha { get; init; } = 8;

    /// <summary>Dropout on a block's input. Default 0.</summary>
    [JsonPropertyName("lora_dropout")]
    public double Dropout { get; init; }

    /// <summary>A list of suffixes, or a string: a regular expression or all-linear.</summary>
    [JsonPropertyName("target_modules")]
    public required JsonElement TargetModules { get; init; }

    /// <summary>What is left out again: a list of suffixes, a regular expression, or null.</summary>
    [JsonPropertyName("exclude_modules")]
    public JsonElement? ExcludeModules { get; init; }

    /// <summary>Whether the scaling is alpha / √r. Default false.</summary>
    [JsonPropertyName("use_rslora")]
    public bool RankStabilized { get; init; }

    /// <summary>Modules whose whole values are in the tensor file: names or their ends; null for none.</summary>
    [JsonPropertyName("modules_to_save")]
    public IReadOnlyList<string>? SavedModules { get; init; }

    /// <summary>Ranks of single modules: an object of regular expressions for the end of a name, and ranks; the first that matches counts.</summary>
    [JsonPropertyName("rank_pattern")]
    public JsonElement? RankPattern { get; init; }

    /// <summary>Alphas of single modules, as <see cref="RankPattern"/>.</summary>
    [JsonPropertyName("alpha_pattern")]
    public JsonElement? AlphaPattern { get; init; }

    /// <summary>Everything else in the file.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>Reads and checks the configuration of an adapter folder.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <returns>The configuration, free of unsupported features.</returns>
    /// <exception cref="FileFormatException">The file is missing or malformed.</exception>
    /// <exception cref="ConfigException">It asks for something that is not supported; all such things are named.</exception>
    public static PeftConfig Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var config = CheckedJson.Deserialize<PeftConfig>(path);
        var problems = config.Unsupported().ToArray();
        return problems.Length == 0 ? config : throw new ConfigException($"{path}: {string.Join("; ", problems)}.");
    }

    /// <summary>The features that are asked for and not supported, a phrase each.</summary>
    /// <returns>The phrases; empty for plain LoRA.</returns>
    public IEnumerable<string> Unsupported()
    {
        if (!string.Equals(PeftType, "LORA", StringComparison.OrdinalIgnoreCase))
        {
            yield return $"peft_type {PeftType} is not supported (LORA is)";
        }

        foreach (var (key, value) in Unread)
        {
            if (ChangesNumbers(key, value))
            {
                yield return $"{key} = {Short(value)} is not supported";
            }
        }
    }

    /// <summary>The file's text: sorted keys, the ones that PEFT's own documentation lists but <c>layer_replication</c>, which breaks some readers.</summary>
    /// <param name="targetModules">Module names or suffixes.</param>
    /// <param name="rank">R.</param>
    /// <param name="alpha">alpha.</param>
    /// <param name="dropout">Dropout on a block's input.</param>
    /// <param name="rankStabilized">Whether the scaling is alpha / √r.</param>
    /// <param name="baseModel">The model that the adapter belongs to, or null.</param>
    /// <param name="rankPattern">Ranks of single modules, by pattern; null for none.</param>
    /// <param name="alphaPattern">Alphas of single modules, by pattern; null for none.</param>
    /// <param name="savedModules">Modules whose whole values are in the tensor file, which makes it an adapter for classification (SEQ_CLS); null or none for a causal one.</param>
    /// <returns>JSON text ending in a line break.</returns>
    public static string Text(
        IReadOnlyList<string> targetModules,
        int rank,
        double alpha,
        double dropout,
        bool rankStabilized,
        string? baseModel,
        IReadOnlyDictionary<string, int>? rankPattern = null,
        IReadOnlyDictionary<string, double>? alphaPattern = null,
        IReadOnlyList<string>? savedModules = null)
    {
        // PEFT writes its keys sorted, and patterns that never overlap may be.
        var ranks = new SortedDictionary<string, int>(rankPattern?.ToDictionary() ?? [], StringComparer.Ordinal);
        var alphas = new SortedDictionary<string, double>(alphaPattern?.ToDictionary() ?? [], StringComparer.Ordinal);
        var saved = savedModules is { Count: > 0 } ? savedModules : null;
        var keys = new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["alpha_pattern"] = alphas,
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = baseModel,
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["inference_mode"] = true,
            ["init_lora_weights"] = true,
            ["layers_pattern"] = null,
            ["layers_to_transform"] = null,
            ["loftq_config"] = new Dictionary<string, int>(),
            ["lora_alpha"] = alpha,
            ["lora_dropout"] = dropout,
            ["megatron_config"] = null,
            ["megatron_core"] = "megatron.core",
            ["modules_to_save"] = saved,
            ["peft_type"] = "LORA",
            ["r"] = rank,
            ["rank_pattern"] = ranks,
            ["revision"] = null,
            ["target_modules"] = targetModules,
            ["task_type"] = saved is null ? "CAUSAL_LM" : "SEQ_CLS",
            ["use_dora"] = false,
            ["use_rslora"] = rankStabilized,
        };
        return JsonSerializer.Serialize(keys, _written) + "\n";
    }

    private static bool ChangesNumbers(string key, JsonElement value) => key switch
    {
        "bias" => value.ValueKind != JsonValueKind.String || value.GetString() != "none",
        // These initialisations change the base weights too, which the adapter's files do not hold.
        "init_lora_weights" => value.ValueKind == JsonValueKind.String && value.GetString() is not ("gaussian" or "orthogonal" or "eva"),
        "fan_in_fan_out" or "use_dora" or "use_qalora" or "lora_bias" => value.ValueKind == JsonValueKind.True,
        "layers_to_transform" or "layer_replication" or "target_parameters" or "trainable_token_indices"
            or "alora_invocation_tokens" or "use_bdlora" or "arrow_config" => value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False),
        _ => false,
    };

    private static string Short(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 60 ? text : text[..57] + "...";
    }
}
