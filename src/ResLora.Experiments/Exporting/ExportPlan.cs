using System.Text.Json.Serialization;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Training.Merging;

namespace ResLora.Experiments.Exporting;

/// <summary>What an export will do, before it does anything.</summary>
/// <param name="Target">The target.</param>
/// <param name="Type">How weights are stored.</param>
/// <param name="Model">The model's folder.</param>
/// <param name="Adapter">The adapter's folder, or null.</param>
/// <param name="Method">How shortcuts are merged.</param>
/// <param name="IsExact">Whether merging loses nothing but rounding.</param>
/// <param name="Features">What becomes of each feature.</param>
public sealed record ExportPlan(
    string Target, ExportType Type, string Model, string? Adapter, MergeMethod Method, bool IsExact, IReadOnlyList<ExportFeature> Features)
{
    /// <summary>The rank that the adapter is cut to; null for all of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Rank { get; init; }

    /// <summary>What merging costs, measured when it is approximate; null otherwise.</summary>
    public MergeLoss? MergeLoss { get; init; }

    /// <summary>Which texts it was measured on; null when it was not.</summary>
    public string? MeasuredOn { get; init; }

    /// <summary>The features that are lost.</summary>
    public IEnumerable<ExportFeature> Losses() => Features.Where(feature => feature.State == FeatureState.Lost);

    /// <summary>Makes the plan: configurations and headers are read, no weights.</summary>
    internal static ExportPlan Of(ExportSource source, IExportTarget target) =>
        new(
            target.Name,
            source.Type,
            source.ModelFolder,
            source.Adapter?.Folder,
            source.Method,
            source.IsExact,
            [.. target.Plan(source)])
        { Rank = source.Rank };

    /// <summary>Refuses a loss that was not agreed to.</summary>
    internal void RequireLossless(bool allowLossy)
    {
        var losses = Losses().Select(loss => $"{loss.Name} ({loss.Reason})").ToArray();
        if (losses.Length > 0 && !allowLossy)
        {
            throw new ConfigException($"An export to {Target} would lose: {string.Join("; ", losses)}. Agree to it with --allow-lossy, or choose another target.");
        }
    }
}
