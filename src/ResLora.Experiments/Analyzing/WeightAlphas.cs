using ResLora.Adapters;
using ResLora.Adapters.Merging;

namespace ResLora.Experiments.Analyzing;

/// <summary>α* of the paper's merge by weights (equation 11), which needs no data.</summary>
internal static class WeightAlphas
{
    /// <summary>The α* of every block.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <returns>By module name; empty for other shortcuts than input, and where the shortcut is annealed away.</returns>
    public static IReadOnlyDictionary<string, double> Of(AdaptedModel adapter)
    {
        if (!adapter.Config.Shortcut.Traits.AddsInputs || adapter.ShortcutWeight == 0)
        {
            return new Dictionary<string, double>();
        }

        using var merged = Merger.Merge(adapter, MergeMethod.Weights);
        return merged.Blocks.ToDictionary(block => block.ModuleName, block => block.Alphas[0], StringComparer.Ordinal);
    }
}
