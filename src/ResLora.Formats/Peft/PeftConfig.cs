using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using ResLora.Formats.Json;

namespace ResLora.Formats.Peft;

/// <summary>
/// An <c>adapter_config.json</c> as the PEFT library reads and writes it. Only keys that every known reader accepts are
/// written, and <c>trainable_token_indices</c> where it is needed; what <see cref="PeftKeys"/> refuses is refused by name when read.
/// </summary>
public sealed record PeftConfig
{
    /// <summary>The file's name in an adapter folder.</summary>
    public const string FileName = "adapter_config.json";

    /// <summary>The name of the tensor file beside it.</summary>
    public const string TensorFileName = "adapter_model.safetensors";

    /// <summary>What PEFT puts before a module's name in the tensor file.</summary>
    public const string TensorPrefix = "base_model.model.";

    /// <summary>What PEFT puts before the names of tensors that belong to no module.</summary>
    public const string SharedPrefix = "base_model.";

    /// <summary>What to do with an adapter that cannot be read, a sentence.</summary>
    public const string Advice = "Merge it into its model in Python (PeftModel.merge_and_unload, then save_pretrained) and use that model.";

    private static readonly JsonSerializerOptions _written = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n" };

    /// <summary>The method, such as LORA.</summary>
    [JsonPropertyName("peft_type")]
    public string PeftType { get; init; } = "";

    /// <summary>The kind of task, such as CAUSAL_LM.</summary>
    [JsonPropertyName("task_type")]
    public string? TaskType { get; init; }

    /// <summary>The model that the adapter belongs to: a hub name or a folder.</summary>
    [JsonPropertyName("base_model_name_or_path")]
    public string? BaseModel { get; init; }

    /// <summary>The commit, the branch or the tag of <see cref="BaseModel"/> on a hub; null where it is in a folder.</summary>
    [JsonPropertyName("revision")]
    public string? Revision { get; init; }

    /// <summary>R. Default 8.</summary>
    [JsonPropertyName("r")]
    public int Rank { get; init; } = 8;

    /// <summary>alpha. Default 8.</summary>
    [JsonPropertyName("lora_alpha")]
    public double Alpha { get; init; } = 8;

    /// <summary>Dropout on a block's input. Default 0.</summary>
    [JsonPropertyName("lora_dropout")]
    public double Dropout { get; init; }

    /// <summary>A list of suffixes, or a string: a regular expression or all-linear; null where only parameters are named.</summary>
    [JsonPropertyName("target_modules")]
    public JsonElement? TargetModules { get; init; }

    /// <summary>Names of parameters, or their ends, that get a block as well; null for none.</summary>
    [JsonPropertyName("target_parameters")]
    public IReadOnlyList<string>? TargetParameters { get; init; }

    /// <summary>The layers whose targets count: a number or a list of numbers; null for all. Goes with a list of targets only.</summary>
    [JsonPropertyName("layers_to_transform")]
    public JsonElement? LayersToTransform { get; init; }

    /// <summary>What stands before a layer's number in a name, as a regular expression or a list of them; null for anything.</summary>
    [JsonPropertyName("layers_pattern")]
    public JsonElement? LayersPattern { get; init; }

    /// <summary>What is left out again: a list of suffixes, a regular expression, or null.</summary>
    [JsonPropertyName("exclude_modules")]
    public JsonElement? ExcludeModules { get; init; }

    /// <summary>Whether the scaling is alpha / √r. Default false.</summary>
    [JsonPropertyName("use_rslora")]
    public bool RankStabilized { get; init; }

    /// <summary>Whether blocks have a magnitude (DoRA). Default false.</summary>
    [JsonPropertyName("use_dora")]
    public bool HasMagnitudes { get; init; }

    /// <summary>
    /// Tokens whose rows of the embedding are in the tensor file: a list of ids, or an object of module names and ids; null for none.
    /// </summary>
    [JsonPropertyName("trainable_token_indices")]
    public JsonElement? TrainedTokens { get; init; }

    /// <summary>Modules whose whole values are in the tensor file: names or their ends; null for none.</summary>
    [JsonPropertyName("modules_to_save")]
    public IReadOnlyList<string>? SavedModules { get; init; }

    /// <summary>
    /// Ranks of single modules: an object of regular expressions for the end of a name, and ranks; the first that matches counts.
    /// </summary>
    [JsonPropertyName("rank_pattern")]
    public JsonElement? RankPattern { get; init; }

    /// <summary>Alphas of single modules, as <see cref="RankPattern"/>.</summary>
    [JsonPropertyName("alpha_pattern")]
    public JsonElement? AlphaPattern { get; init; }

    /// <summary>Everything else in the file.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>A key that only some methods have.</summary>
    /// <typeparam name="T">The kind of value.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="usual">What PEFT takes where it is absent.</param>
    /// <returns>The value.</returns>
    /// <exception cref="JsonException">It is of another kind.</exception>
    public T Own<T>(string key, T usual) =>
        Unread.TryGetValue(key, out var value) && value.ValueKind != JsonValueKind.Null ? value.Deserialize<T>()! : usual;

    /// <summary>Reads and checks the configuration of an adapter folder. Keys that are not known are warned of.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="types">The values of <c>peft_type</c> that can be read.</param>
    /// <param name="keysOf">The keys that the configuration's own method reads, besides those that are properties here.</param>
    /// <returns>The configuration, free of unsupported features.</returns>
    /// <exception cref="FileFormatException">The file is missing or malformed.</exception>
    /// <exception cref="ConfigException">It asks for something that is not supported; all such things are named.</exception>
    public static PeftConfig Read(string folder, IReadOnlyCollection<string> types, Func<PeftConfig, IReadOnlySet<string>> keysOf)
    {
        var path = Path.Combine(folder, FileName);
        using (var json = CheckedJson.Read(path))
        {
            // Before any key, since other methods have others.
            PeftKeys.RequireType(json.RootElement, path, types);
        }

        ArgumentNullException.ThrowIfNull(types);
        ArgumentNullException.ThrowIfNull(keysOf);
        var config = CheckedJson.Deserialize<PeftConfig>(path);
        return Checked(config, path, keysOf(config));
    }

    /// <summary>Checks a configuration that stands in another file.</summary>
    /// <param name="json">The configuration.</param>
    /// <param name="place">Where it stands, for messages.</param>
    /// <param name="known">The keys that its method reads, besides those that are properties here.</param>
    /// <returns>The configuration, free of unsupported features.</returns>
    /// <exception cref="JsonException">A value is of another kind.</exception>
    /// <exception cref="ConfigException">As for the other overload.</exception>
    public static PeftConfig Read(JsonElement json, string place, IReadOnlySet<string> known) =>
        Checked(json.Deserialize<PeftConfig>() ?? throw new JsonException("it is null"), place, known);

    private static PeftConfig Checked(PeftConfig config, string path, IReadOnlySet<string> known)
    {
        var problems = config.Unsupported(known).ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException($"{path}: {string.Join("; ", problems)}. {Advice}");
        }

        PeftKeys.Warn(config.Unread.Where(pair => !known.Contains(pair.Key)), path);
        return config;
    }

    /// <summary>The features that are asked for and not supported, a phrase each.</summary>
    /// <param name="known">The keys that the configuration's method reads.</param>
    /// <returns>The phrases; empty for what can be read.</returns>
    public IEnumerable<string> Unsupported(IReadOnlySet<string> known) =>
        Unread.Where(pair =>
            !known.Contains(pair.Key) && PeftKeys.IsRefused(pair.Key, pair.Value)).Select(pair =>
                $"{pair.Key} = {Short(pair.Value)} is not supported");

    /// <summary>
    /// The file's text: sorted keys, the ones that PEFT's own documentation lists but <c>layer_replication</c>, which breaks some readers.
    /// </summary>
    /// <param name="type">The <c>peft_type</c>.</param>
    /// <param name="targetModules">Module names or suffixes.</param>
    /// <param name="rank">R; null for a method that has none, nor patterns.</param>
    /// <param name="baseModel">The model that the adapter belongs to, which may be a name on a hub, or null.</param>
    /// <param name="own">The method's own keys.</param>
    /// <param name="rankPattern">Ranks of single modules, by pattern; null for none.</param>
    /// <param name="alphaPattern">Alphas of single modules, by pattern; null for none.</param>
    /// <param name="extras">What is in the tensor file besides plain blocks; null for nothing.</param>
    /// <returns>JSON text ending in a line break.</returns>
    public static string Text(
        string type,
        IReadOnlyList<string> targetModules,
        int? rank,
        string? baseModel,
        IReadOnlyDictionary<string, object?> own,
        IReadOnlyDictionary<string, int>? rankPattern = null,
        IReadOnlyDictionary<string, double>? alphaPattern = null,
        PeftExtras? extras = null)
    {
        ArgumentNullException.ThrowIfNull(own);
        extras ??= new PeftExtras();
        // PEFT has a key for the commit, and none for a place in a repository.
        var onHub = HubReference.Is(baseModel) && HubReference.Parse(baseModel!) is { Path: null } reference ? reference : null;
        // PEFT writes its keys sorted, and patterns that never overlap may be.
        var ranks = new SortedDictionary<string, int>(rankPattern?.ToDictionary() ?? [], StringComparer.Ordinal);
        var alphas = new SortedDictionary<string, double>(alphaPattern?.ToDictionary() ?? [], StringComparer.Ordinal);
        var keys = new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["alpha_pattern"] = alphas,
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = onHub?.Repository ?? baseModel,
            ["inference_mode"] = true,
            ["layers_pattern"] = null,
            ["layers_to_transform"] = null,
            ["modules_to_save"] = extras.SavedModules.Count > 0 ? extras.SavedModules : null,
            ["peft_type"] = type,
            ["r"] = rank,
            ["rank_pattern"] = ranks,
            ["revision"] = onHub?.Revision,
            ["target_modules"] = targetModules,
            ["task_type"] = extras.TaskType,
        };
        if (rank is null)
        {
            foreach (var key in (string[])["r", "rank_pattern", "alpha_pattern", "layers_to_transform", "layers_pattern"])
            {
                keys.Remove(key);
            }
        }

        foreach (var (key, value) in own)
        {
            keys[key] = value;
        }

        if (extras.Biases != "none" || keys.ContainsKey("bias"))
        {
            keys["bias"] = extras.Biases;
        }

        if (extras.TrainedTokens.Count > 0)
        {
            keys["trainable_token_indices"] = extras.TrainedTokens;
        }

        return JsonSerializer.Serialize(keys, _written) + "\n";
    }

    private static string Short(JsonElement value)
    {
        var text = JsonSerializer.Serialize(value);
        return text.Length <= 60 ? text : text[..57] + "...";
    }
}
