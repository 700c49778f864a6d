using ResLora.Adapters;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Distributed.Pipeline;

public sealed class PipelineResumeTests : IDisposable
{
    private const double Tolerance = 1e-5;   // sums over ranks and of what comes back over a cut are added in another order

    private readonly PipelineBench _bench = new();

    private static TrainConfig Config { get; } = PipelineBench.Config with { Steps = 6, CheckpointEvery = 2 };

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(ShortcutKind.Block, 2)]
    [InlineData(ShortcutKind.Middle, 3)]
    public void Run_PausedAndResumedWithAsManyRanks_EqualsAnUninterruptedRunBitForBit(ShortcutKind kind, int ranks)
    {
        var adapter = PipelineBench.Adapter(kind, dropout: 0.2);

        var whole = _bench.Train(ranks, adapter, Config, "whole");
        _bench.Train(ranks, adapter, Config with { PauseAt = 3 }, "parts");
        var resumed = _bench.Train(ranks, adapter, Config, "parts", resume: true);

        Assert.Equal(whole[0].Result.Losses, resumed[0].Result.Losses);
        Assert.All(resumed, rank => Assert.Equal(whole[0].Weights, rank.Weights));
        Assert.Equal(_bench.Saved("whole/last"), _bench.Saved("parts/last"));
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 1)]
    [InlineData(1, 4)]
    public void Run_ResumedWithOtherRanks_GoesOnAsOneProcessWould(int before, int after)
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.Middle, 2);

        var whole = Assert.Single(_bench.Train(1, adapter, Config, "whole"));
        _bench.Train(before, adapter, Config with { PauseAt = 3 }, "parts");
        var resumed = _bench.Train(after, adapter, Config, "parts", resume: true);

        Assert.All(resumed, rank => Assert.Equal(0, whole.Weights.Zip(rank.Weights, (a, b) => Math.Abs(a - b)).Max(), Tolerance));
        var (expected, actual) = (_bench.Saved("whole/last"), _bench.Saved("parts/last"));
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        Assert.All(expected, t => Assert.Equal(0, t.Value.Zip(actual[t.Key], (a, b) => Math.Abs(a - b)).Max(), Tolerance));
    }
}
