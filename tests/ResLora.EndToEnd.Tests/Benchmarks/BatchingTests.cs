using ResLora.Benchmarks.Subjects;
using Xunit;

namespace ResLora.EndToEnd.Tests.Benchmarks;

public sealed class BatchingTests
{
    [Fact]
    public void All_OfSomeLengths_HoldEverySampleOnce()
    {
        int[] lengths = [.. Enumerable.Range(0, 50).Select(i => 1 + (i * 37 % 100))];

        var batchings = Batching.All(lengths, batchSize: 8);

        Assert.Equal(4, batchings.Count);
        Assert.All(batchings, batching => Assert.Equal(Enumerable.Range(0, 50), batching.Batches.SelectMany(batch => batch).Order()));
        Assert.True(batchings[1].Padding(lengths) < batchings[0].Padding(lengths));
        Assert.All(batchings.Where(batching => batching.IsPacked), batching => Assert.Equal(0, batching.Padding(lengths)));
    }

    [Fact]
    public void Padding_OfUnequalLengths_IsTheShareOfEmptyPositions()
    {
        var batching = new Batching("one", [[0, 1], [2]]);

        var padding = batching.Padding([1, 3, 4]);

        Assert.Equal(0.2, padding, 12);   // 8 tokens in 2 · 3 + 4 positions
    }
}
