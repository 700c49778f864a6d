using FsCheck;
using FsCheck.Fluent;
using ResLora.Text.Data;
using Xunit;

namespace ResLora.Tests.Text.Data;

public sealed class LengthGroupedBatchesTests
{
    [Fact]
    public void Plan_AnyLengths_UsesEveryIndexOnce()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<(NonNegativeInt[] Lengths, PositiveInt Batch, int Seed)>(), input =>
        {
            var lengths = input.Lengths.Select(length => length.Get).ToArray();

            var batches = LengthGroupedBatches.Plan(lengths, input.Batch.Get, input.Seed, epoch: 1, windowBatches: 3);

            return batches.SelectMany(batch => batch).Order().SequenceEqual(Enumerable.Range(0, lengths.Length))
                && batches.All(batch => batch.Length <= input.Batch.Get)
                && batches.Count(batch => batch.Length < input.Batch.Get) <= 1;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Plan_SeedAndEpoch_DecideTheOrder()
    {
        var lengths = Enumerable.Range(0, 200).Select(i => i * 37 % 101).ToArray();

        var first = Flat(lengths, seed: 1, epoch: 0);

        Assert.Equal(first, Flat(lengths, seed: 1, epoch: 0));
        Assert.NotEqual(first, Flat(lengths, seed: 1, epoch: 1));
        Assert.NotEqual(first, Flat(lengths, seed: 2, epoch: 0));
        Assert.NotEqual(Flat(lengths, seed: 1, epoch: 1), Flat(lengths, seed: 2, epoch: 0));
    }

    [Fact]
    public void Plan_FixedInput_GivesTheOrderThatOlderCheckpointsResume()
    {
        var batches = LengthGroupedBatches.Plan([5, 1, 4, 2, 3, 9, 1, 7], batchSize: 2, seed: 7, epoch: 0, windowBatches: 2);

        // A change of this order breaks the resuming of runs that have begun.
        Assert.Equal("2 7 | 0 5 | 6 1 | 3 4", string.Join(" | ", batches.Select(batch => string.Join(' ', batch))));
    }

    [Fact]
    public void Plan_MixedLengths_PadsLessThanAPlainShuffle()
    {
        var random = new Random(5);
        var lengths = Enumerable.Range(0, 4000).Select(_ => random.Next(10, 200)).ToArray();

        var grouped = Padded(lengths, LengthGroupedBatches.Plan(lengths, 16, seed: 1, epoch: 0));
        var shuffled = Padded(lengths, LengthGroupedBatches.Plan(lengths, 16, seed: 1, epoch: 0, windowBatches: 1));

        // Sorted windows of 50 batches leave a fiftieth of the spread within a batch; unsorted ones nearly all of it.
        Assert.True(grouped * 10 < shuffled, $"padding {grouped} against {shuffled}");
    }

    private static int[] Flat(int[] lengths, long seed, int epoch) =>
        [.. LengthGroupedBatches.Plan(lengths, 4, seed, epoch).SelectMany(batch => batch)];

    private static int Padded(int[] lengths, IEnumerable<int[]> batches) =>
        batches.Sum(batch => batch.Sum(i => batch.Max(j => lengths[j]) - lengths[i]));
}
