using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using ResLora.Tensors.Safetensors;

namespace ResLora.Adapters.LoraFiles;

/// <summary>
/// What diffusers' header says of the blocks (<c>lora_adapter_metadata</c>): PEFT's configuration of each network, its keys behind the
/// network's name.
/// </summary>
internal sealed class LoraFileMetadata
{
    public const string Key = "lora_adapter_metadata";

    private const int MostCharacters = 16 * 1024 * 1024;

    private readonly Dictionary<string, (PeftConfig Config, ModuleOverrides Overrides)> _parts = new(StringComparer.Ordinal);

    /// <summary>Reads it.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="header">The header's texts.</param>
    /// <returns>What it says; nothing where there is none.</returns>
    /// <exception cref="FileFormatException">It is no JSON, or a value is of another kind.</exception>
    /// <exception cref="ConfigException">It asks for something that is not supported.</exception>
    public static LoraFileMetadata Of(string path, IReadOnlyDictionary<string, string> header)
    {
        var metadata = new LoraFileMetadata();
        if (!header.TryGetValue(Key, out var text))
        {
            return metadata;
        }

        var place = $"{path}: {Key} in the header";
        if (text.Length > MostCharacters)
        {
            throw new FileFormatException($"{place} has {text.Length} characters; at most {MostCharacters} are read.");
        }

        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            foreach (var part in PipelineParts.Trained)
            {
                metadata.Read(json.RootElement, part, place);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new FileFormatException($"{place} cannot be read: {error.Message}", error);
        }

        return metadata;
    }

    /// <summary>alpha of a module, so that the scaling is alpha / rank.</summary>
    /// <param name="part">The network.</param>
    /// <param name="inner">The module's dotted name in it.</param>
    /// <param name="rank">The module's rank.</param>
    /// <returns>alpha; null where the header says nothing.</returns>
    public double? AlphaOf(string part, string inner, int rank)
    {
        if (!_parts.TryGetValue(part, out var settings))
        {
            return null;
        }

        var alpha = settings.Overrides.For(new AdapterConfig { Alpha = settings.Config.Alpha }, inner).Alpha;
        return settings.Config.RankStabilized ? alpha * Math.Sqrt(rank) : alpha;   // alpha / √R = (alpha √R) / R
    }

    private void Read(JsonElement root, string part, string place)
    {
        var prefix = part + ".";
        var own = root.EnumerateObject().Where(key => key.Name.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(key => key.Name[prefix.Length..], key => key.Value, StringComparer.Ordinal);
        if (own.Count == 0)
        {
            return;
        }

        var config = PeftConfig.Read(JsonSerializer.SerializeToElement(own), place, AdapterMethods.Lora.PeftKeys);
        var overrides = new ModuleOverrides([], [.. config.AlphaPattern?.Deserialize<OrderedDictionary<string, double>>() ?? []]);
        var problems = overrides.Problems().Concat(
            config.Alpha > 0 && double.IsFinite(config.Alpha) ? [] : [$"lora_alpha is {config.Alpha}; it must be above 0"]).ToArray();
        if (problems.Length > 0)
        {
            throw new FileFormatException($"{place}: {part}: {string.Join("; ", problems)}.");
        }

        _parts[part] = (config, overrides);
    }
}
