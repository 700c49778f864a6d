using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Merging;
using ResLora.Formats.Errors;
using ResLora.Training;
using ResLora.Training.Merging;

namespace ResLora.Experiments.Exporting;

/// <summary>The one place where exports merge shortcuts away: which method, how exact it is, and the merge itself.</summary>
internal static class ExportMerge
{
    /// <summary>The method that an export takes.</summary>
    /// <exception cref="ConfigException">The method asked for does not fit the structure.</exception>
    public static MergeMethod Choose(AdapterDescription? adapter, MergeMethod? wanted)
    {
        var allowed = MergeMethods.For(adapter?.Config ?? new AdapterConfig(), adapter?.ShortcutWeight ?? 1);
        var method = wanted ?? allowed[0];
        return allowed.Contains(method)
            ? method
            : throw new ConfigException($"Merge method '{MergeMethods.Name(method)}' does not fit this adapter; use {string.Join(" or ", allowed.Select(MergeMethods.Name))}.");
    }

    /// <summary>Merges; blocks that the target cannot hold are set to zero, so that the merged model goes without them.</summary>
    /// <returns>The merged adapter, owned by the caller, and which texts it was calibrated on (null for none).</returns>
    public static (MergedAdapter Merged, string? CalibratedOn) Run(ModelSession session, ExportSource source, Func<string, bool> holds)
    {
        IReadOnlyList<CalibrationBatch> calibration = [];
        string? calibratedOn = null;
        if (MergeMethods.NeedsCalibration(source.Method))
        {
            var texts = MergeExamples.ToCalibrate(new MergeExampleSource(source.Adapter!.Folder, null, null), session);
            (calibration, calibratedOn) = (CalibrationTexts.Batches(texts.Objective, texts.Examples), texts.Source);
        }

        var merged = Merger.Merge(session.Adapter!, new MergeSettings(source.Method), calibration);
        return merged.Blocks.All(block => holds(block.ModuleName))
            ? (merged, calibratedOn)
            : (
                new MergedAdapter(
                    session.Adapter!,
                    source.Method,
                    [.. merged.Blocks.Select(block => holds(block.ModuleName) ? block : WithoutEffect(block))]),
                calibratedOn);
    }

    /// <summary>The blocks that the target holds; shares its tensors with the merged adapter, which stays their owner.</summary>
    /// <exception cref="ConfigException">There are none.</exception>
    public static MergedAdapter Held(ModelSession session, MergedAdapter merged, Func<string, bool> holds)
    {
        var held = merged.Blocks.Where(block => holds(block.ModuleName)).ToArray();
        return held.Length > 0
            ? new MergedAdapter(session.Adapter!, merged.Method, held)
            : throw new ConfigException("Nothing of the adapter is left for this target; export to another one.");
    }

    private static MergedBlock WithoutEffect(MergedBlock block)
    {
        using var old = block.Update;
        return block with { Update = old.WithoutEffect() };
    }
}
