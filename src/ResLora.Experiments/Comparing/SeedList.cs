using ResLora.Formats;

namespace ResLora.Experiments.Comparing;

/// <summary>The seeds that everything is trained with once each.</summary>
internal static class SeedList
{
    private const int Most = 1000;

    /// <summary>What is wrong with seeds.</summary>
    /// <param name="seeds">The seeds.</param>
    public static IEnumerable<string> Problems(IReadOnlyList<long> seeds)
    {
        if (seeds.Count is < 1 or > Most || seeds.Distinct().Count() < seeds.Count)
        {
            yield return $"seeds has {seeds.Count} values; give 1 to {Most}, each once";
        }
    }

    /// <summary>
    /// The order in which a seed's runs are made: shuffled, so that a machine that grows slower hits all alike.
    /// </summary>
    /// <typeparam name="T">What is trained.</typeparam>
    /// <param name="what">All that is trained.</param>
    /// <param name="seed">The seed.</param>
    public static T[] OrderOf<T>(IEnumerable<T> what, long seed)
    {
        T[] order = [.. what];
        StableRandom.Shuffle(order, (ulong)seed);
        return order;
    }
}
