using System.Globalization;
using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Tensors;
using ResLora.Tensors.NativeRuntime;
using ResLora.Tensors.Safetensors;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>Describes an adapter by its configuration and its factors.</summary>
internal static class AdapterInspection
{
    private const int ShownTargets = 8;

    /// <summary>Whether a single file is an adapter's: its header has factors in it, or it is a pickle.</summary>
    public static bool IsOne(string path) =>
        !Path.GetExtension(path).Equals(
            ".safetensors", StringComparison.OrdinalIgnoreCase) || SafetensorsReader.ReadHeader(path).Entries.Keys.Any(StoredPairs.IsA);

    /// <summary>Describes it.</summary>
    /// <param name="path">A folder, or a LoRA file.</param>
    /// <param name="model">The base model that it is held against; null for the one that it names, if that is here.</param>
    /// <exception cref="ResLoraException">A file is broken.</exception>
    public static InspectionReport Of(string path, string? model)
    {
        TorchRuntime.ThrowIfUnusable();
        var description = AdapterStore.Describe(path);
        using var file = TensorFiles.OpenSafetensorsOrPickle(description.TensorFile);
        var held = model ?? (description.BaseModel is { } named && Path.Exists(named) ? named : null);
        return new InspectionReport(path, "adapter", [.. Facts(description)], InspectedTensors.Of(file), [], [])
            .WithBlocks(
                StoredPairs.Of(file), InspectedTensors.ReadersOf(file), held is null ? null : () => AdapterFit.Of(held, description));
    }

    private static IEnumerable<KeyValuePair<string, string>> Facts(AdapterDescription description)
    {
        var (config, shortcut) = (description.Config, description.Config.Shortcut);
        yield return new("format", description.Format);
        yield return new("method", config.Kind.Title);
        yield return new("base model", description.BaseModel ?? "not said");
        if (config.Kind.HasRank)
        {
            yield return new("rank", Text(config.Rank));
            yield return new("alpha", Text(config.Alpha));
            yield return new("scaling", Text(config.Scaling) + Convention(config));
            yield return new("dropout", Text(config.Dropout));
        }

        yield return new("targets", config.Targets is { } targets ? Shortened(targets) : "not said");
        foreach (var fact in config.Kind.Facts(description))
        {
            yield return fact;
        }

        if (config.Exclude is { } exclude)
        {
            yield return new("exclude", Shortened(exclude));
        }

        if (!description.Overrides.IsEmpty)
        {
            yield return new(
                "modules of their own",
                $"{description.Overrides.Ranks.Count} patterns of ranks, {description.Overrides.Alphas.Count} of alphas");
        }

        yield return new("shortcut", shortcut.Kind switch
        {
            ShortcutKind.None => $"none (plain {config.Kind.Title})",
            _ when shortcut.PreviousCount == ShortcutConfig.AllPrevious => $"{Name(shortcut.Kind)}, all previous blocks",
            _ => $"{Name(shortcut.Kind)}, {shortcut.PreviousCount} previous",
        });
    }

    /// <summary>By which rule the scaling came about; tools differ in it, and a wrong one answers too strongly or too weakly.</summary>
    private static string Convention(AdapterConfig config)
    {
        const double rounding = 1e-9;
        bool Is(double scaling) => Math.Abs(config.Scaling - scaling) < rounding * Math.Max(1, scaling);
        return config.Alpha == config.Rank && Is(1) ? " (alpha = rank: what scale there is, is in B)"
            : Is(config.Alpha / config.Rank) ? " (alpha / rank)"
            : Is(config.Alpha / Math.Sqrt(config.Rank)) ? " (alpha / √rank, as rsLoRA)"
            : "";
    }

    /// <summary>Whole module names are many; their last parts say as much.</summary>
    private static string Shortened(TargetModules targets) => targets.Parts.Count <= ShownTargets
        ? targets.ToString()
        : $"{targets.Parts.Count} layers: {string.Join(", ", targets.Parts.Select(BlockHealth.RoleOf).Distinct(StringComparer.Ordinal))}";

    private static string Name(ShortcutKind kind) => kind.ToString().ToLowerInvariant();

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
