using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// The <c>reslora</c> adapter folder: <c>reslora_config.json</c> (settings and resolved module names) and
/// <c>adapter.safetensors</c> (factors, and the statistics that the paper's merges need).
/// </summary>
internal static class ResLoraFolder
{
    public const string ConfigFileName = "reslora_config.json";
    public const string TensorFileName = "adapter.safetensors";
    private const string InputNorms = "statistics.input_norm.";
    private const string LowNorms = "statistics.low_norm.";
    private const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
        RespectNullableAnnotations = true,
    };

    public static bool IsStatistic(string tensorName) =>
        tensorName.StartsWith(InputNorms, StringComparison.Ordinal) || tensorName.StartsWith(LowNorms, StringComparison.Ordinal);

    public static void Write(AdaptedModel adapted, string folder, string? baseModel)
    {
        var file = new ConfigFile
        {
            Version = CurrentVersion,
            BaseModel = baseModel,
            Adapter = adapted.Config,
            ShortcutWeight = adapted.ShortcutWeight,
            Modules = [.. adapted.Blocks.Select(b => b.ModuleName)],
            SavedModules = adapted.SavedModules.Except(adapted.TrainedBiases).ToArray() is { Length: > 0 } modules ? modules : null,
        };
        AtomicFile.WriteText(Path.Combine(folder, ConfigFileName), JsonSerializer.Serialize(file, _json) + "\n");
        using var scope = NewDisposeScope();
        var statistics = adapted.Statistics;
        SafetensorsWriter.Write(
            Path.Combine(folder, TensorFileName),
            adapted.TrainableParameters().Select(p => KeyValuePair.Create(p.Key, (Tensor)p.Value)).Concat(adapted.Shared)
                .Concat(statistics.InputNorms.Select(n => KeyValuePair.Create(InputNorms + n.Key, tensor(n.Value.ToArray()))))
                .Concat(statistics.LowNorms.Select(n => KeyValuePair.Create(LowNorms + n.Key, tensor(n.Value.ToArray())))));
    }

    public static AdapterDescription Describe(string folder)
    {
        var path = Path.Combine(folder, ConfigFileName);
        var file = CheckedJson.Deserialize<ConfigFile>(path, _json);
        if (file.Version != CurrentVersion)
        {
            throw new FileFormatException(
                $"{path}: version {file.Version} is not known (this program reads version {CurrentVersion}); update reslora.");
        }

        if (file.Modules.Length == 0)
        {
            throw new FileFormatException($"{path}: \"modules\" is empty; an adapter has one block or more.");
        }

        if (!(file.ShortcutWeight is >= 0 and <= 1))
        {
            throw new FileFormatException($"{path}: \"shortcutWeight\" is {file.ShortcutWeight}; it must be from 0 to 1.");
        }

        var config = file.Adapter with { Targets = TargetModules.Suffixes(file.Modules), Exclude = null };
        return new AdapterDescription(folder, "reslora", config, file.BaseModel, Path.Combine(folder, TensorFileName), "")
        {
            ShortcutWeight = file.ShortcutWeight,
            SavedModules = file.SavedModules ?? [],
        };
    }

    public static void ReadStatistics(ITensorFile file, AdaptedModel adapted)
    {
        foreach (var block in adapted.Blocks)
        {
            var inputs = Values(file, InputNorms + block.ModuleName);
            if (inputs.Length > 0)
            {
                adapted.Statistics.Restore(block.ModuleName, inputs, Values(file, LowNorms + block.ModuleName));
            }
        }
    }

    private static double[] Values(ITensorFile file, string name)
    {
        if (!file.Tensors.TryGetValue(name, out var entry))
        {
            return [];
        }

        if (entry.DataType != float64 || entry.Shape.Count != 1)
        {
            throw new FileFormatException($"{file.Path}: '{name}' must be a list of F64 numbers.");
        }

        using var stored = file.Read(name);
        return stored.data<double>().ToArray();
    }

    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    private sealed record ConfigFile
    {
        public required int Version { get; init; }

        public string? BaseModel { get; init; }

        public required AdapterConfig Adapter { get; init; }

        public double ShortcutWeight { get; init; } = 1;

        public required string[] Modules { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string[]? SavedModules { get; init; }
    }
}
