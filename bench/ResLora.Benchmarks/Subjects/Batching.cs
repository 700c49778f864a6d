using ResLora.Formats;
using ResLora.Text.Data;

namespace ResLora.Benchmarks.Subjects;

/// <summary>A way to put samples into batches. A further way is a line in <see cref="All"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Batches">Indices of samples; every sample once.</param>
/// <param name="IsPacked">Whether the samples of a batch stand one behind another, without padding.</param>
internal sealed record Batching(string Name, IReadOnlyList<int[]> Batches, bool IsPacked = false)
{
    /// <summary>The ways that the training loop has or could have, the plainest first.</summary>
    /// <param name="lengths">The length of each sample, in tokens.</param>
    /// <param name="batchSize">Samples in a batch.</param>
    public static IReadOnlyList<Batching> All(IReadOnlyList<int> lengths, int batchSize) =>
    [
        new("random order, padded", Random(lengths.Count, batchSize)),
        new("grouped by length, padded", LengthGroupedBatches.Plan(lengths, batchSize, seed: 0, epoch: 0)),
        new("random order, packed", Random(lengths.Count, batchSize), IsPacked: true),
        new("grouped by length, packed", LengthGroupedBatches.Plan(lengths, batchSize, seed: 0, epoch: 0), IsPacked: true),
    ];

    /// <summary>The share of all positions that hold padding: side by side, every sample is as long as its batch's longest.</summary>
    /// <param name="lengths">The length of each sample, in tokens.</param>
    /// <returns>From 0 up to but not including 1.</returns>
    public double Padding(IReadOnlyList<int> lengths)
    {
        var positions = IsPacked ? lengths.Sum(length => (double)length) : Batches.Sum(
            batch => (double)batch.Length * batch.Max(index => lengths[index]));
        return 1 - (Batches.Sum(batch => batch.Sum(index => (double)lengths[index])) / positions);
    }

    private static int[][] Random(int count, int batchSize)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        StableRandom.Shuffle(order, seed: 0);
        return [.. order.Chunk(batchSize)];
    }
}
