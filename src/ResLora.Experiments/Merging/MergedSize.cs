using ResLora.Adapters;
using ResLora.Adapters.Merging;

namespace ResLora.Experiments.Merging;

/// <summary>What an adapter is after a merge, known before it.</summary>
internal static class MergedSize
{
    /// <summary>Whether the merged adapter computes the same function but for rounding.</summary>
    public static bool IsExact(MergeMethod method) => method == MergeMethod.Exact;

    /// <summary>The rank that a block has after the merge.</summary>
    public static int Rank(AdapterBlock block, MergeMethod method, double shortcutWeight)
    {
        ArgumentNullException.ThrowIfNull(block);
        var sums = IsExact(method) && shortcutWeight > 0 && block.Config.Shortcut.Traits.AddsUpdates;
        return sums ? block.Config.Rank * (block.Previous.Count + 1) : block.Config.Rank;
    }

    /// <summary>How many bytes a block takes after the merge, in float32.</summary>
    public static long Bytes(AdapterBlock block, MergeMethod method, double shortcutWeight)
    {
        ArgumentNullException.ThrowIfNull(block);
        return sizeof(float) * (long)Rank(block, method, shortcutWeight) * (block.InFeatures + block.OutFeatures);
    }
}
