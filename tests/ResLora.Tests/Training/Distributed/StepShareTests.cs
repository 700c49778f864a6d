using ResLora.Training.Distributed;
using Xunit;

namespace ResLora.Tests.Training.Distributed;

public sealed class StepShareTests
{
    [Theory]
    [InlineData(8, 2, 2)]
    [InlineData(8, 2, 3)]
    [InlineData(7, 2, 4)]
    [InlineData(3, 8, 5)]
    public void Of_AllRanks_HaveEverySampleOnceInTurn(int samples, int batchSize, int size)
    {
        int[][] passes = [.. Enumerable.Range(10, samples).Chunk(batchSize)];

        var shares = ThreadRanks.Run(size, ranks => StepShare.Of(passes, ranks, Reduction.Fast));

        Assert.Equal(Enumerable.Range(10, samples), shares.SelectMany(share => share.Passes).SelectMany(pass => pass));
        Assert.All(shares, share => Assert.All(share.Passes, pass => Assert.InRange(pass.Length, 1, batchSize)));
        Assert.Equal(Enumerable.Range(0, shares[0].Total), shares.SelectMany(share => Enumerable.Range(share.First, share.Passes.Count)));
        var counts = shares.Select(share => share.Passes.Sum(pass => pass.Length)).ToArray();
        Assert.InRange(counts.Max() - counts.Min(), 0, samples % size == 0 ? 0 : batchSize);
    }

    [Fact]
    public void Of_OrderedPasses_DividesNone()
    {
        int[][] passes = [[1, 2], [3, 4], [5]];

        var shares = ThreadRanks.Run(2, ranks => StepShare.Of(passes, ranks, Reduction.Ordered));

        Assert.Equal(passes, shares.SelectMany(share => share.Passes));
    }
}
