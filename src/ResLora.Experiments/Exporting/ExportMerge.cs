using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Training;
using static TorchSharp.torch;

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

    /// <summary>Merges; blocks that the target cannot hold are set to zero, so that the merged model goes without them.</summary>
    /// <returns>The merged adapter, owned by the caller.</returns>
    public static MergedAdapter Run(ModelSession session, MergeMethod method, Func<string, bool> holds)
    {
        var merged = Merger.Merge(session.Adapter!, method);
        return merged.Blocks.All(block => holds(block.ModuleName))
            ? merged
            : new MergedAdapter(session.Adapter!, method, [.. merged.Blocks.Select(block => holds(block.ModuleName) ? block : WithoutEffect(block))]);
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

    /// <summary>Not in place: an exact merge of a block without shortcuts shares memory with the block itself.</summary>
    private static MergedBlock WithoutEffect(MergedBlock block)
    {
        using var old = block.Pair.B;
        using var noGradient = no_grad();
        var zero = zeros_like(old);
        zero.DetachFromDisposeScope();
        return block with { Pair = block.Pair with { B = zero } };
    }
}
