using System.Text.Json;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Formats.Peft;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>The configuration of a PEFT folder as another tool reads it: key by key, without the classes that wrote it.</summary>
internal sealed class ReadBackKeys
{
    private static readonly TimeSpan _matchLimit = TimeSpan.FromSeconds(1);

    private readonly JsonElement _config;
    private readonly string _path;
    private readonly bool _readsPatterns;

    private ReadBackKeys(JsonElement config, string path, bool readsPatterns) =>
        (_config, _path, _readsPatterns) = (config, path, readsPatterns);

    /// <summary>Reads the file of a folder.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="readsPatterns">Whether ranks and alphas of single modules are honoured.</param>
    /// <exception cref="FileFormatException">It is no object.</exception>
    public static ReadBackKeys Read(string folder, bool readsPatterns)
    {
        var path = Path.Combine(folder, PeftConfig.FileName);
        using var json = CheckedJson.Read(path);
        return json.RootElement.ValueKind == JsonValueKind.Object
            ? new ReadBackKeys(json.RootElement.Clone(), path, readsPatterns)
            : throw new FileFormatException($"{path}: this is no configuration of an adapter.");
    }

    /// <summary>The names of <c>modules_to_save</c>.</summary>
    public string[] SavedModules
    {
        get
        {
            if (!_config.TryGetProperty("modules_to_save", out var names) || names.ValueKind == JsonValueKind.Null)
            {
                return [];
            }

            return names.ValueKind == JsonValueKind.Array && names.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
                ? [.. names.EnumerateArray().Select(name => name.GetString()!)]
                : throw new FileFormatException($"{_path}: modules_to_save must be a list of names.");
        }
    }

    /// <summary>Whether biases are in the file.</summary>
    public bool HasBiases => _config.TryGetProperty("bias", out var biases) && biases.GetString() is "all" or "lora_only";

    /// <summary>Whether a key is there and true.</summary>
    public bool Flag(string key) => _config.TryGetProperty(key, out var flag) && flag.ValueKind == JsonValueKind.True;

    /// <summary>The number of a key.</summary>
    public double Number(string key) =>
        _config.TryGetProperty(key, out var value) ? Number(value, key) : throw new FileFormatException($"{_path}: there is no \"{key}\".");

    /// <summary>The number that a module has: that of the first pattern that matches, else the usual one.</summary>
    public double Number(string key, string patternKey, string module)
    {
        if (_readsPatterns && _config.TryGetProperty(patternKey, out var patterns) && patterns.ValueKind == JsonValueKind.Object)
        {
            foreach (var pattern in patterns.EnumerateObject())
            {
                if (Matches(pattern.Name, module))
                {
                    return Number(pattern.Value, patternKey);
                }
            }
        }

        return Number(key);
    }

    /// <summary>What LoRA's product is multiplied by.</summary>
    public double Scale(string module, long storedRank)
    {
        var rank = Number("r", "rank_pattern", module);
        if (_readsPatterns ? rank != storedRank : rank < storedRank)
        {
            throw new FileFormatException($"{_path}: rank {rank} for '{module}', and the tensors have {storedRank}.");
        }

        return Number("lora_alpha", "alpha_pattern", module) / (Flag("use_rslora") ? Math.Sqrt(rank) : rank);
    }

    /// <summary>The trained tokens of a module.</summary>
    public long[] TokensOf(string module) =>
        _config.TryGetProperty(
            "trainable_token_indices",
            out var tokens) && tokens.ValueKind == JsonValueKind.Object && tokens.TryGetProperty(module, out var ids)
            ? [.. ids.EnumerateArray().Select(id => id.GetInt64())]
            : throw new FileFormatException($"{_path}: trainable_token_indices names no tokens of '{module}'.");

    private bool Matches(string pattern, string module)
    {
        try
        {
            return Regex.IsMatch(module, $@"^(.*\.)?({pattern})$", RegexOptions.CultureInvariant, _matchLimit);
        }
        catch (Exception error) when (error is ArgumentException or RegexMatchTimeoutException)
        {
            throw new FileFormatException($"{_path}: the module pattern '{pattern}' cannot be used: {error.Message}", error);
        }
    }

    private double Number(JsonElement value, string key) => value.ValueKind == JsonValueKind.Number
        ? value.GetDouble()
        : throw new FileFormatException($"{_path}: {key} is {value.ValueKind}; a number is needed.");
}
