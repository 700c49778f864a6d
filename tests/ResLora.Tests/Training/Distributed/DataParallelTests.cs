using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Distributed;

/// <summary>Several ranks against one, each on a model of its own.</summary>
public sealed class DataParallelTests
{
    private const double Rounding = 2e-5;

    private static TrainConfig Config { get; } =
        TrainingBench.Config with { Steps = 5, BatchSize = 2, AccumulationSteps = 4, EvaluateEvery = 2, ClipNorm = 0.05 };

    [Theory]
    [InlineData(2, ShortcutKind.None)]
    [InlineData(3, ShortcutKind.None)]
    [InlineData(4, ShortcutKind.Input)]
    [InlineData(3, ShortcutKind.Block)]
    [InlineData(2, ShortcutKind.Middle)]
    public void Run_OnSeveralRanks_LearnsWhatOneDoes(int ranks, ShortcutKind shortcut)
    {
        var alone = Train(SingleProcess.Instance, Config, shortcut);

        var together = ThreadRanks.Run(ranks, rank => Train(rank, Config, shortcut));

        Assert.All(together, one =>
        {
            Assert.Equal(alone.Losses, one.Losses, Near);
            Assert.Equal(alone.Evaluations, one.Evaluations, Near);
            Assert.Equal(together[0].Weights, one.Weights);
            Assert.Equal(alone.Weights, one.Weights, (a, b) => Math.Abs(a - b) < 1e-3);
        });
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Run_InOrder_GivesTheBitsOfOneWithDropoutToo(int ranks)
    {
        var config = Config with { Reduction = Reduction.Ordered };
        var alone = Train(SingleProcess.Instance, config, ShortcutKind.Input, dropout: 0.3);

        var together = ThreadRanks.Run(ranks, rank => Train(rank, config, ShortcutKind.Input, dropout: 0.3));

        Assert.All(together, one =>
        {
            Assert.Equal(alone.Losses, one.Losses);
            Assert.Equal(alone.Weights, one.Weights);
            // What a merge by the sizes of activations is computed from.
            Assert.Equal(alone.Norms, one.Norms);
        });
    }

    [Theory]
    [InlineData(2, 4)]
    [InlineData(4, 1)]
    public void Run_StoppedOnOneNumberOfRanks_GoesOnOnAnother(int before, int after)
    {
        var config = Config with { Reduction = Reduction.Ordered };
        var alone = Train(SingleProcess.Instance, config, ShortcutKind.Block);
        using var bench = new TrainingBench(ShortcutKind.Block);
        var folder = bench.RunFolder;

        // Only the last rank is asked to stop.
        var first = ThreadRanks.Run(before, rank => Train(rank, config, ShortcutKind.Block, folder, stopAt: rank.Rank == before - 1 ? 2 : null));
        var second = ThreadRanks.Run(after, rank => Train(rank, config, ShortcutKind.Block, folder, resume: true));

        Assert.All(first, one => Assert.Equal((2, true), (one.Losses.Count, one.Interrupted)));
        Assert.All(second, one =>
        {
            Assert.Equal(alone.Losses, one.Losses);
            Assert.Equal(alone.Weights, one.Weights);
        });
    }

    [Fact]
    public void Run_BadNumbersOnOneRank_EndAllAndNameIt()
    {
        var errors = ThreadRanks.Run(3, rank => Record.Exception(
            () => Train(rank, Config with { EvaluateEvery = 0 }, ShortcutKind.None, spoilAt: rank.Rank == 1 ? 2 : null)));

        Assert.All(errors, error => Assert.Equal(3, Assert.IsType<TrainingFailedException>(error).Step));
        Assert.Contains("rank 1 on host-1", errors[0]!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("rank", errors[1]!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_BadNumbersOfOneRankInTheEvaluation_EndAllAndNameIt(bool isShared)
    {
        var errors = ThreadRanks.Run(2, rank => Record.Exception(
            () => Train(rank, Config, ShortcutKind.None, spoilAt: rank.Rank == 1 ? 2 : null, sharesEvaluation: isShared)));

        Assert.All(errors, error => Assert.Equal(2, Assert.IsType<TrainingFailedException>(error).Step));
        Assert.Equal(
            ["model.embed_tokens.weight of rank 1 on host-1", "model.embed_tokens.weight"],
            errors.Select(error => ((TrainingFailedException)error!).TensorName));
    }

    [Fact]
    public void Run_RankWithOtherSettings_SaysWhatDiffers()
    {
        var error = Assert.Throws<AggregateException>(() => ThreadRanks.Run(
            2, rank => Train(rank, rank.Rank == 0 ? Config : Config with { LearningRate = 0.5 }, ShortcutKind.None)));

        var its = Assert.Single(error.InnerExceptions.OfType<ConfigException>());
        Assert.Contains("learningRate (0.01 on rank 0, 0.5 here)", its.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_RanksAboveZero_WriteNothing()
    {
        using TrainingBench first = new(), second = new();
        TrainingBench[] benches = [first, second];

        ThreadRanks.Run(2, rank => Train(
            rank, Config with { CheckpointEvery = 2 }, ShortcutKind.None, benches[rank.Rank].RunFolder));

        Assert.True(Directory.Exists(first.RunFolder));
        Assert.False(Directory.Exists(second.RunFolder));
    }

    [Theory]
    [InlineData(1, 2, Reduction.Fast, "share the 2 samples of a step")]
    [InlineData(4, 2, Reduction.Ordered, "set training.accumulationSteps to 3 or more")]
    public void Run_MoreRanksThanWork_IsRefused(int batchSize, int accumulationSteps, Reduction reduction, string says)
    {
        var config = Config with { BatchSize = batchSize, AccumulationSteps = accumulationSteps, Reduction = reduction };

        var errors = ThreadRanks.Run(3, rank => Record.Exception(() => Train(rank, config, ShortcutKind.None)));

        Assert.All(errors, error => Assert.Contains(says, Assert.IsType<ConfigException>(error).Message, StringComparison.Ordinal));
    }

    private static bool Near(double expected, double actual) => Math.Abs(expected - actual) < Rounding * Math.Abs(expected);

    private static Outcome Train(
        ICommunicator ranks, TrainConfig config, ShortcutKind shortcut, string? folder = null, bool resume = false, double dropout = 0,
        int? stopAt = null, int? spoilAt = null, bool sharesEvaluation = false)
    {
        using var bench = new TrainingBench(shortcut, dropout);
        if (sharesEvaluation)
        {
            bench.Setup.Objective.Ranks = ranks;
        }

        bench.Setup = bench.Setup with { Communicator = ranks, RunFolder = folder ?? bench.RunFolder };
        using var stop = new CancellationTokenSource();
        bench.OnEvent = happened =>
        {
            if (happened is StepDone done && done.Step == stopAt)
            {
                stop.Cancel();
            }
            else if (happened is StepDone step && step.Step == spoilAt)
            {
                using var noGradient = torch.no_grad();
                bench.Model.parameters().First().fill_(float.NaN);
            }
        };
        var result = bench.Train(config, resume, stop.Token);
        return new Outcome(
            [.. result.Losses.Select(loss => loss.Loss)], bench.Weights(),
            [.. bench.Adapter!.Statistics.InputNorms.Values.SelectMany(norms => norms)], [.. bench.Events.OfType<EvaluationDone>().Select(
                evaluation => evaluation.Metrics["eval_loss"])], result.Interrupted);
    }

    private sealed record Outcome(
        IReadOnlyList<double> Losses, IReadOnlyList<float> Weights, IReadOnlyList<double> Norms, IReadOnlyList<double> Evaluations, bool Interrupted);
}
