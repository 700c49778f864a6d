using ResLora.Adapters;
using ResLora.Experiments.Inspection.Adapters;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Tensors.Safetensors;
using TorchSharp.Modules;

namespace ResLora.Experiments.Inspection;

/// <summary>Looks into files by their headers and configurations alone: a checkpoint of any size takes a moment.</summary>
public static class Inspector
{
    private static readonly string[] _adaptersOfRun = ["best", "last"];

    /// <summary>Finds out what a path is, and describes it. Of an adapter the factors are looked at, too.</summary>
    /// <param name="path">A model folder, an adapter folder, a safetensors file or a GGUF file.</param>
    /// <param name="model">The base model that an adapter is held against; null for the one that it names, if that is here.</param>
    /// <returns>The description.</returns>
    /// <exception cref="FileFormatException">There is nothing to inspect, or a file is broken.</exception>
    public static InspectionReport Inspect(string path, string? model = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (File.Exists(path))
        {
            return GgufInspection.IsOne(path) ? GgufInspection.Of(path, model, Run)
                : AdapterInspection.IsOne(path) ? AdapterFile(path, model)
                : Tensors(path);
        }

        if (!Directory.Exists(path))
        {
            throw new FileFormatException(
                $"'{path}' does not exist{ModelPlace.HubHint(path) ?? "; give a model folder, an adapter folder, or a .safetensors or .gguf file."}");
        }

        if (MlxFolder.IsOne(path))
        {
            return MlxFolder.Inspect(path, model);
        }

        if (Has(path, "reslora_config.json") || Has(path, "adapter_config.json") || AdapterStore.FindLoraFile(path) is not null)
        {
            return AdapterInspection.Of(path, model);
        }

        if (Has(path, "config.json") || Has(path, "model_index.json"))
        {
            return Model(path);
        }

        var inner = _adaptersOfRun.Where(name => Directory.Exists(Path.Combine(path, name))).ToArray();
        throw new FileFormatException(inner.Length > 0
            ? $"'{path}' is the folder of a run; inspect what it holds: {string.Join(" or ", inner.Select(name => Path.Combine(path, name)))}."
            : $"'{path}' holds neither a model (config.json, model_index.json) nor an adapter (reslora_config.json, adapter_config.json, {AdapterStore.LoraFileName}).");
    }

    /// <summary>Names like an adapter's do not make a file one: its tensors can be looked at all the same.</summary>
    private static InspectionReport AdapterFile(string path, string? model)
    {
        try
        {
            return AdapterInspection.Of(path, model);
        }
        catch (ResLoraException error) when (Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            return Tensors(path) with { Notes = [$"It cannot be read as an adapter by itself: {error.Message}"] };
        }
    }

    private static InspectionReport Tensors(string path)
    {
        var header = SafetensorsReader.ReadHeader(path);
        return new InspectionReport(
            path, "safetensors", [.. header.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)], Tensors(header), [], []);
    }

    private static InspectionReport Model(string path)
    {
        var (facts, layers, notes) = Run(path);
        return new InspectionReport(path, "model", facts, Tensors(CheckpointReader.ReadHeader(path)), layers, notes);
    }

    /// <summary>What is known of a model that can be run; a note why it cannot.</summary>
    private static (List<KeyValuePair<string, string>> Facts, List<LinearGroup> Layers, List<string> Notes) Run(string path)
    {
        var facts = new List<KeyValuePair<string, string>>();
        var layers = new List<LinearGroup>();
        var notes = new List<string>();
        try
        {
            TorchRuntime.ThrowIfUnusable();
            using var model = ModelRegistry.Build(path);
            facts.AddRange(model.Facts);
            layers.AddRange(LinearLayers(model));
            if (model is CausalLanguageModel)
            {
                facts.AddRange(GenerationFacts.Of(path));
            }
        }
        catch (ConfigException error)
        {
            // The tensors can be looked at all the same, and that is when a user wants to.
            notes.Add($"This model cannot be run here: {error.Message}");
        }

        return (facts, layers, notes);
    }

    private static IEnumerable<LinearGroup> LinearLayers(Network model) => model.named_modules()
        .Where(module => module.module is Linear)
        .Select(module => (module.name, shape: ((Linear)module.module).weight!.shape))
        .GroupBy(layer => (suffix: LayerRole.LastPart(layer.name), outputs: layer.shape[0], inputs: layer.shape[1]))
        .Select(group => new LinearGroup(group.Key.suffix, group.Key.inputs, group.Key.outputs, [.. group.Select(layer => layer.name)]));

    private static IReadOnlyList<InspectedTensor> Tensors(SafetensorsHeader header) =>
    [
        .. header.Entries.Values
            .OrderBy(entry => entry.Name, StringComparer.Ordinal)
            .Select(entry => new InspectedTensor(entry.Name, entry.DataType.ToString().ToLowerInvariant(), entry.Shape, entry.Length)),
    ];

    private static bool Has(string folder, string name) => File.Exists(Path.Combine(folder, name));
}
