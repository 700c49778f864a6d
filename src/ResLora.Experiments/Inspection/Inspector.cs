using System.Globalization;
using ResLora.Adapters;
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

    /// <summary>Finds out what a path is, and describes it.</summary>
    /// <param name="path">A model folder, an adapter folder, a safetensors file or a GGUF file.</param>
    /// <returns>The description.</returns>
    /// <exception cref="FileFormatException">There is nothing to inspect, or a file is broken.</exception>
    public static InspectionReport Inspect(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (File.Exists(path))
        {
            return GgufInspection.IsOne(path) ? GgufInspection.Of(path) : Tensors(path);
        }

        if (!Directory.Exists(path))
        {
            throw new FileFormatException(
                $"'{path}' does not exist{ModelPlace.HubHint(path) ?? "; give a model folder, an adapter folder, or a .safetensors or .gguf file."}");
        }

        if (Has(path, "reslora_config.json") || Has(path, "adapter_config.json") || Has(path, AdapterStore.LoraFileName))
        {
            return Adapter(path);
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

    private static InspectionReport Tensors(string path)
    {
        var header = SafetensorsReader.ReadHeader(path);
        return new InspectionReport(path, "safetensors", [.. header.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)], Tensors(header), [], []);
    }

    private static InspectionReport Adapter(string path)
    {
        var description = AdapterStore.Describe(path);
        var config = description.Config;
        var shortcut = config.Shortcut;
        List<KeyValuePair<string, string>> facts =
        [
            new("format", description.Format),
            new("method", config.Kind.Title),
            new("base model", description.BaseModel ?? "not said"),
            .. config.Kind.HasRank
                ? [new("rank", Text(config.Rank)), new("alpha", Text(config.Alpha)), new("scaling", Text(config.Scaling)), new("dropout", Text(config.Dropout))]
                : Array.Empty<KeyValuePair<string, string>>(),
            new("targets", config.Targets is { } targets ? Shortened(targets) : "not said"),
        ];
        facts.AddRange(config.Kind.Facts(description));
        if (config.Exclude is { } exclude)
        {
            facts.Add(new("exclude", Shortened(exclude)));
        }

        if (!description.Overrides.IsEmpty)
        {
            facts.Add(new("modules of their own", $"{description.Overrides.Ranks.Count} patterns of ranks, {description.Overrides.Alphas.Count} of alphas"));
        }

        facts.Add(new("shortcut", shortcut.Kind switch
        {
            ShortcutKind.None => $"none (plain {config.Kind.Title})",
            _ when shortcut.PreviousCount == ShortcutConfig.AllPrevious => $"{Name(shortcut.Kind)}, all previous blocks",
            _ => $"{Name(shortcut.Kind)}, {shortcut.PreviousCount} previous",
        }));
        return new InspectionReport(path, "adapter", facts, Tensors(SafetensorsReader.ReadHeader(description.TensorFile)), [], []);
    }

    private static InspectionReport Model(string path)
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

        return new InspectionReport(path, "model", facts, Tensors(CheckpointReader.ReadHeader(path)), layers, notes);
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

    /// <summary>Whole module names are many; their last parts say as much.</summary>
    private static string Shortened(TargetModules targets)
    {
        const int shown = 8;
        return targets.Parts.Count <= shown
            ? targets.ToString()
            : $"{targets.Parts.Count} layers: {string.Join(", ", targets.Parts.Select(LayerRole.LastPart).Distinct(StringComparer.Ordinal))}";
    }

    private static string Name(ShortcutKind kind) => kind.ToString().ToLowerInvariant();

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static bool Has(string folder, string name) => File.Exists(Path.Combine(folder, name));
}
