using ResLora.Models;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Distributed;

public sealed class SharedWorkTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 5)]
    [InlineData(3, 2)]
    [InlineData(4, 0)]
    public void Map_OnSeveralRanks_GivesAllResultsInOrderAndComputesEachOnce(int ranks, int count)
    {
        var computed = 0;

        var results = ThreadRanks.Run(ranks, rank => rank.Map(Enumerable.Range(0, count).ToArray(), item =>
        {
            Interlocked.Increment(ref computed);
            return (Square: item * item, Third: item / 3.0, None: double.NaN);
        }));

        Assert.Equal(count, computed);
        Assert.All(results, one => Assert.Equal(Enumerable.Range(0, count).Select(item => (item * item, item / 3.0, double.NaN)), one));
    }

    [Fact]
    public void Map_StoppedOnOneRank_EndsAll()
    {
        var errors = ThreadRanks.Run(3, rank => Record.Exception(
            () => rank.Map([0, 1, 2, 3], item => item == 1 ? throw new OperationCanceledException() : item)));

        Assert.All(errors, error => Assert.IsType<OperationCanceledException>(error, exactMatch: false));
    }

    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 50)]
    [InlineData(3, 48)]
    [InlineData(3, 1)]
    [InlineData(2, 0)]
    public void MapEach_OnSeveralRanks_GivesAllResultsInOrderAndComputesEachOnce(int ranks, int count)
    {
        var computed = 0;

        var results = ThreadRanks.Run(ranks, rank => rank.MapEach(Enumerable.Range(0, count), item =>
        {
            Interlocked.Increment(ref computed);
            return $"{item}";
        }).ToArray());

        Assert.Equal(count, computed);
        Assert.All(results, one => Assert.Equal(Enumerable.Range(0, count).Select(item => $"{item}"), one));
    }

    [Fact]
    public void MapEach_ItemsWithoutAnEnd_GivesResultsMeanwhile()
    {
        var read = 0;

        var results = ThreadRanks.Run(2, rank => rank.MapEach(Endless(rank.Rank == 0), item => item * 2).Take(5).ToArray());

        Assert.All(results, one => Assert.Equal([0, 2, 4, 6, 8], one));
        Assert.InRange(read, 5, 32);

        IEnumerable<int> Endless(bool counts)
        {
            for (var item = 0; ; item++)
            {
                read += counts ? 1 : 0;
                yield return item;
            }
        }
    }

    [Fact]
    public void MapEach_StoppedOnOneRank_EndsAll()
    {
        var errors = ThreadRanks.Run(2, rank => Record.Exception(
            () => rank.MapEach(Enumerable.Range(0, 40), item => item == 21 ? throw new OperationCanceledException() : item).Count()));

        Assert.All(errors, error => Assert.IsType<OperationCanceledException>(error, exactMatch: false));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ReadByFirst_OnSeveralRanks_GivesAllWhatTheFirstHas(int ranks)
    {
        string[] lines = ["one", "", "two"];

        var results = ThreadRanks.Run(ranks, rank => rank.ReadByFirst(rank.Rank == 0 ? lines : NotRead()).ToArray());

        Assert.All(results, one => Assert.Equal(lines, one));

        static IEnumerable<string> NotRead() => Enumerable.Range(0, 1).Select<int, string>(_ => throw new IOException("It was read."));
    }

    [Fact]
    public void ThrowIfAny_BadWeightOfOneRank_IsNamedByAll()
    {
        var errors = ThreadRanks.Run(3, ranks =>
        {
            using var model = TinyModel.Create();
            using var noGradient = no_grad();
            model.named_parameters().Last().parameter.fill_(ranks.Rank == 2 ? float.NaN : 1);
            return Assert.Throws<NotFiniteException>(() => NotFiniteException.ThrowIfAny(ranks, model, double.NaN)).TensorName!;
        });

        Assert.Equal(["lm_head.weight of rank 2 on host-2", "lm_head.weight of rank 2 on host-2", "lm_head.weight"], errors);
    }

    [Fact]
    public void Measure_OnSeveralRanks_GivesTheBitsOfOne()
    {
        using var model = TinyModel.Create();
        var samples = TinyModel.Samples(9);
        var alone = Measure(model, SingleProcess.Instance);

        var together = ThreadRanks.Run(3, ranks =>
        {
            using var own = TinyModel.Create();
            return Measure(own, ranks);
        });

        Assert.All(together, one => Assert.Equal(alone, one));

        IReadOnlyDictionary<string, double> Measure(CausalLanguageModel measured, ICommunicator ranks) =>
            new NextTokenObjective(measured, 0) { Ranks = ranks }.Measure([.. samples], 2, TestContext.Current.CancellationToken);
    }
}
