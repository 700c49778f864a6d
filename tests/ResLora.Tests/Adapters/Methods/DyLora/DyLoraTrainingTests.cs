using ResLora.Adapters;
using ResLora.Adapters.Methods.DyLora;
using ResLora.Tests.Training;
using ResLora.Training.Loop;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Adapters.Methods.DyLora;

public sealed class DyLoraTrainingTests
{
    private const int Rank = 4;

    private static readonly TrainConfig _config =
        TrainingBench.Config with { Steps = 8, CheckpointEvery = 2, EvaluateEvery = 2, GradientCheckpointing = true };

    [Theory]
    [InlineData(ShortcutKind.None, false)]
    [InlineData(ShortcutKind.Input, false)]
    [InlineData(ShortcutKind.Block, false)]
    [InlineData(ShortcutKind.Middle, false)]
    [InlineData(ShortcutKind.None, true)]
    public void Run_OneRun_TeachesEveryRank(ShortcutKind kind, bool frozen)
    {
        using var bench = Bench(kind, frozen);
        var before = Losses(bench);

        bench.Train(TrainingBench.Config with { Steps = 80 });

        var after = Losses(bench);
        Assert.All(before.Zip(after), loss => Assert.True(loss.Second < 0.8 * loss.First, $"{loss.First} -> {loss.Second}"));
        Assert.True(after.Distinct().Count() == Rank);
    }

    [Fact]
    public void Run_SmallRanksOfAWholeLora_AreWorseThanThoseOfDyLora()
    {
        using var dynamic = Bench(ShortcutKind.None);
        using var plain = Bench(ShortcutKind.None);
        var training = TrainingBench.Config with { Steps = 80 };

        dynamic.Train(training);
        // All of the rank in every step: LoRA, cut afterwards.
        foreach (var block in plain.Adapter!.Blocks.Cast<DyLoraBlock>())
        {
            block.UsedRank = Rank;
        }

        plain.Setup = plain.Setup with { Adapter = null };
        plain.Train(training);

        Assert.True(Losses(dynamic)[0] < Losses(plain)[0]);
    }

    [Theory]
    [InlineData(ShortcutKind.None, false)]
    [InlineData(ShortcutKind.Input, true)]
    [InlineData(ShortcutKind.Block, false)]
    [InlineData(ShortcutKind.Middle, true)]
    public void Run_InterruptedAndResumed_EqualsAnUninterruptedRunBitForBit(ShortcutKind kind, bool frozen)
    {
        using var whole = Bench(kind, frozen, 0.2);
        using var parts = Bench(kind, frozen, 0.2);
        using var resumed = Bench(kind, frozen, 0.2);
        resumed.Setup = resumed.Setup with { RunFolder = parts.RunFolder };
        using var stop = new CancellationTokenSource();
        parts.OnEvent = value =>
        {
            if (value is StepDone { Step: 5 })
            {
                stop.Cancel();
            }
        };

        var expected = whole.Train(_config);
        var interrupted = parts.Train(_config, stop: stop.Token);
        torch.random.manual_seed(99);
        var actual = resumed.Train(_config, resume: true);

        Assert.Equal((5, true), (interrupted.Steps, interrupted.Interrupted));
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(whole.Weights(), resumed.Weights());
        Assert.Equal(whole.Adapter!.Statistics.LowNorms, resumed.Adapter!.Statistics.LowNorms);
    }

    [Fact]
    public void Run_Statistics_AreThoseOfTheWholeRank()
    {
        using var bench = Bench(ShortcutKind.Middle);
        var steps = Enumerable.Range(0, 20).Count(
            step => DyLoraMath.Draw(TrainingBench.Config.Seed, step, Rank, RankDistribution.Uniform) == Rank);

        bench.Train(TrainingBench.Config with { Steps = 20 });

        Assert.InRange(steps, 1, 19);
        Assert.All(bench.Adapter!.Statistics.LowNorms.Values, norms => Assert.Equal(steps, norms.Count));
    }

    [Fact]
    public void Training_Over_LeavesTheWholeRankInUse()
    {
        using var bench = Bench(ShortcutKind.None);

        bench.Train(TrainingBench.Config);

        bench.Adapter!.Model.train();
        Assert.All(bench.Adapter.Blocks.Cast<DyLoraBlock>(), block =>
        {
            using var scope = torch.NewDisposeScope();
            Assert.Equal(Rank, block.Pair.A.shape[0]);
        });
    }

    private static TrainingBench Bench(ShortcutKind kind, bool frozen = false, double dropout = 0) => new(adapter: new AdapterConfig
    {
        Method = "dylora",
        Rank = Rank,
        Dropout = dropout,
        Targets = TargetModules.Suffixes("q_proj", "v_proj", "down_proj"),
        Shortcut = new ShortcutConfig { Kind = kind },
        DyLora = new DyLoraSettings { Frozen = frozen },
    });

    /// <summary>The loss on what is trained, rank by rank.</summary>
    private static double[] Losses(TrainingBench bench)
    {
        bench.Model.eval();
        bench.Model.BeginForward = mask => bench.Adapter!.BeginPass(mask);
        return [.. Enumerable.Range(1, Rank).Select(rank =>
        {
            foreach (var block in bench.Adapter!.Blocks.Cast<DyLoraBlock>())
            {
                block.UsedRank = rank;
            }

            return bench.Setup.Objective.Measure(bench.Setup.Train, 4, TestContext.Current.CancellationToken)["eval_loss"];
        })];
    }
}
