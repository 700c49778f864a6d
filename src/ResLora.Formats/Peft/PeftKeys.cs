using System.Text.Json;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Peft;

/// <summary>
/// The keys of PEFT's configurations that nothing here reads: which change the numbers, which do not, and which are not known.
/// </summary>
internal static class PeftKeys
{
    // Training, other tools, and how a first value was drawn: what was learnt is in the tensors.
    private static readonly HashSet<string> _neutral = new(StringComparer.Ordinal)
    {
        "auto_mapping", "bias", "corda_config", "ensure_weight_tying", "eva_config", "inference_mode", "init_lora_weights", "loftq_config", "lora_ga_config",
        "megatron_config", "megatron_core", "peft_version", "qalora_group_size", "runtime_config",
        "merge_weights",   // of older versions
    };

    private static readonly HashSet<string> _refused = new(StringComparer.Ordinal)
    {
        "alora_invocation_tokens", "arrow_config", "enable_lora", "kasa_config", "layer_replication", "lora_bias", "monteclora_config", "use_bdlora", "use_qalora",
        "velora_config",
    };

    /// <summary>Refuses methods that cannot be read, by name.</summary>
    /// <exception cref="FileFormatException">It is no configuration of PEFT's.</exception>
    /// <exception cref="ConfigException">It is one of another method.</exception>
    public static void RequireType(JsonElement config, string path, IReadOnlyCollection<string> types)
    {
        var type = config.ValueKind == JsonValueKind.Object && config.TryGetProperty(
            "peft_type", out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new FileFormatException($"{path}: there is no \"peft_type\"; is this the configuration of an adapter?");
        if (!types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            throw new ConfigException(
                $"{path}: peft_type {type} is not supported; {string.Join(", ", types)} {(types.Count == 1 ? "is" : "are")}. {PeftConfig.Advice}");
        }
    }

    /// <summary>Whether a key asks for something that changes the numbers and is not supported.</summary>
    public static bool IsRefused(string key, JsonElement value) => key switch
    {
        "bias" => value.ValueKind != JsonValueKind.String || value.GetString() is not ("none" or "all" or "lora_only"),
        // The others change the base weights too, which the adapter's files do not hold.
        "init_lora_weights" =>
            value.ValueKind == JsonValueKind.String && value.GetString() is not ("gaussian" or "orthogonal" or "eva" or "mica"),
        // An object without keys still stands for a method with its usual settings.
        _ => _refused.Contains(key) && (IsSet(value) || value.ValueKind == JsonValueKind.Object),
    };

    /// <summary>Warns of keys that are set and not known.</summary>
    public static void Warn(IEnumerable<KeyValuePair<string, JsonElement>> unread, string path)
    {
        var strange = unread.Where(pair => IsUnknown(pair.Key) && IsSet(pair.Value)).Select(pair => $"'{pair.Key}'").ToArray();
        if (strange.Length > 0)
        {
            Warnings.Add($"{path}: {string.Join(", ", strange)} {(strange.Length == 1 ? "is" : "are")} not known and left out; a newer PEFT may compute something else.");
        }

        if (unread.Any(pair => pair.Key == "fan_in_fan_out" && IsSet(pair.Value)))
        {
            Warnings.Add($"{path}: fan_in_fan_out is left out, as PEFT leaves it out for linear layers.");
        }
    }

    private static bool IsUnknown(string key) => key != "fan_in_fan_out" && !_neutral.Contains(key) && !_refused.Contains(key);

    private static bool IsSet(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False or JsonValueKind.Undefined => false,
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        JsonValueKind.String => value.GetString()!.Length > 0,
        _ => true,
    };
}
