using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Training;

namespace ResLora.Experiments.Exporting;

/// <summary>The one place where exports merge shortcuts away: which method, how exact it is, and the merge itself.</summary>
internal static class ExportMerge
{
    /// <summary>The method that an export takes.</summary>
    /// <exception cref="ConfigException">The method asked for does not fit the structure.</exception>
    public static MergeMethod Choose(ShortcutKind kind, MergeMethod? wanted)
    {
        var allowed = MergeMethods.For(kind);
        var method = wanted ?? allowed[0];
        return allowed.Contains(method)
            ? method
            : throw new ConfigException($"Merge method '{MergeMethods.Name(method)}' does not fit this adapter; use {string.Join(" or ", allowed.Select(MergeMethods.Name))}.");
    }

    /// <summary>Whether the merged adapter computes the same function but for rounding.</summary>
    public static bool IsExact(MergeMethod method) => method == MergeMethod.Exact;

    /// <summary>The rank that a block has after the merge.</summary>
    public static int Rank(LoraLinear block, MergeMethod method) =>
        IsExact(method) && block is ResLoraLinear { Previous: var previous } ? block.Config.Rank * (previous.Count + 1) : block.Config.Rank;

    /// <summary>Merges, and leaves out the blocks that the target cannot hold.</summary>
    /// <returns>The merged adapter, owned by the caller.</returns>
    public static MergedAdapter Run(ModelSession session, MergeMethod method, Func<string, bool> holds)
    {
        var merged = Merger.Merge(session.Adapter!, method);
        var held = merged.Blocks.Where(block => holds(block.ModuleName)).ToArray();
        if (held.Length == merged.Blocks.Count)
        {
            return merged;
        }

        if (held.Length == 0)
        {
            merged.Dispose();
            throw new ConfigException("Nothing of the adapter is left for this target; export to another one.");
        }

        foreach (var block in merged.Blocks.Except(held))
        {
            block.Pair.A.Dispose();
            block.Pair.B.Dispose();
        }

        return new MergedAdapter(session.Adapter!, method, held);
    }
}
