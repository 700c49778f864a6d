using ResLora.Formats;
namespace ResLora.Text.Data;

/// <summary>
/// Plans the batches of an epoch so that samples of like length meet and little is padded: shuffle, cut into windows, sort each
/// window by length, cut it into batches, shuffle the batches. A pure function of its arguments: to resume, plan again and skip.
/// </summary>
public static class LengthGroupedBatches
{
    /// <summary>Plans one epoch.</summary>
    /// <param name="lengths">The length of each sample, in tokens.</param>
    /// <param name="batchSize">Samples in a batch; the last batch made may be smaller.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">Which pass over the data, from 0; each has another order.</param>
    /// <param name="windowBatches">Batches in a window: more pads less, fewer shuffles better. Default 50.</param>
    /// <returns>Batches of indices into <paramref name="lengths"/>; every index once.</returns>
    public static IReadOnlyList<int[]> Plan(IReadOnlyList<int> lengths, int batchSize, long seed, int epoch, int windowBatches = 50)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfLessThan(windowBatches, 1);

        // Neighbouring seeds and epochs must not share orders: one step of the generator parts them.
        var epochSeed = new StableRandom(unchecked((ulong)seed)).Next() + (ulong)epoch;
        var order = Enumerable.Range(0, lengths.Count).ToArray();
        StableRandom.Shuffle(order, epochSeed);
        var batches = order
            .Chunk((int)Math.Min(int.MaxValue, (long)batchSize * windowBatches))
            .SelectMany(window => window.OrderBy(index => lengths[index]).Chunk(batchSize))
            .ToArray();
        StableRandom.Shuffle(batches, ~epochSeed);
        return batches;
    }
}
