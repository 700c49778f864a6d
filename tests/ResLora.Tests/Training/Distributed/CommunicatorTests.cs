using ResLora.Training.Distributed;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Distributed;

public sealed class CommunicatorTests
{
    private static readonly TrainConfig _config = TrainingBench.Config with { Steps = 4, CheckpointEvery = 2, EvaluateEvery = 2 };

    [Fact]
    public void Run_RankAboveZero_TrainsTheSameAndWritesNothing()
    {
        using var first = new TrainingBench();
        using var second = new TrainingBench();
        second.Setup = second.Setup with { Communicator = new Toy(rank: 1) };

        var expected = first.Train(_config);
        var actual = second.Train(_config);

        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(first.Weights(), second.Weights());
        Assert.True(Directory.Exists(first.RunFolder));
        Assert.False(Directory.Exists(second.RunFolder));
        Assert.DoesNotContain(second.Events, e => e is CheckpointSaved);
    }

    [Fact]
    public void Run_StopOfAnotherRank_EndsThisOneWithACheckpoint()
    {
        using var bench = new TrainingBench();
        // Asked before every step and after it: the third step's question is the fifth.
        bench.Setup = bench.Setup with { Communicator = new Toy(rank: 0, saysYesAt: 5) };

        var result = bench.Train(_config with { EvaluateEvery = 0 });

        Assert.True(result.Interrupted);
        Assert.Equal(2, result.Steps);
        Assert.Contains(bench.Events, e => e is CheckpointSaved { Step: 2 });
    }

    [Fact]
    public void Run_BadNumbersOfAnotherRank_EndThisOneToo()
    {
        using var bench = new TrainingBench();
        bench.Setup = bench.Setup with { Communicator = new Toy(rank: 0, saysYesAt: 4) };

        var error = Assert.Throws<TrainingFailedException>(() => bench.Train(_config with { EvaluateEvery = 0 }));

        Assert.Equal((2, "a tensor of another process"), (error.Step, error.TensorName));
    }

    /// <summary>Plays one of two processes whose other one answers at one question.</summary>
    private sealed class Toy(int rank, int saysYesAt = 0) : ICommunicator
    {
        private int _asked;

        public int Rank => rank;

        public bool Any(bool holds) => ++_asked == saysYesAt || holds;
    }
}
