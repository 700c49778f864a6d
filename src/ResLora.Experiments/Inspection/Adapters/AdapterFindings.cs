using System.Globalization;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>Says in sentences what is wrong or remarkable with the blocks of an adapter.</summary>
internal static class AdapterFindings
{
    private const int MostNames = 3;

    // Below this part of its rank an update would fit into half of it with room to spare.
    private const double LowShare = 0.3;

    /// <summary>The sentences.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <returns>The sentences; empty when all is well.</returns>
    public static IEnumerable<string> Of(IReadOnlyList<BlockHealth> blocks)
    {
        BlockHealth[] bad = [.. blocks.Where(block => block.BadNumbers > 0)];
        if (bad.Length > 0)
        {
            yield return $"{Count(bad, blocks)} hold NaN or infinite numbers ({Names(bad)}): the adapter is broken, and a model with it answers nonsense.";
        }

        BlockHealth[] dead = [.. blocks.Where(block => block.IsDead)];
        if (dead.Length > 0)
        {
            yield return dead.Length == blocks.Count
                ? "All blocks are dead: B or A is zero, so that the model answers as without the adapter. Was it saved before it was trained?"
                : $"{Count(dead, blocks)} are dead, B or A being zero ({Names(dead)}): they change nothing. No gradient has reached them, or training left them out.";
        }

        BlockHealth[] alive = [.. blocks.Where(block => block.EffectiveRank > 0)];
        if (alive.Length > 0 && alive.Average(block => block.EffectiveRank / block.Rank) is < LowShare and var share)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The updates have {share:P0} of their rank on average: most of what they do would fit into a smaller one.");
        }
    }

    private static string Count(BlockHealth[] some, IReadOnlyList<BlockHealth> all) => $"{some.Length} of {all.Count} blocks";

    private static string Names(BlockHealth[] blocks) =>
        string.Join(", ", blocks.Take(MostNames).Select(block => block.Module)) + (blocks.Length > MostNames ? " and others" : "");
}
