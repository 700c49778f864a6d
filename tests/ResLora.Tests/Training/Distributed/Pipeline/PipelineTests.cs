using ResLora.Adapters;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Distributed.Pipeline;

public sealed class PipelineTests : IDisposable
{
    private const double Tolerance = 1e-5;   // sums over ranks and of what comes back over a cut are added in another order

    private readonly PipelineBench _bench = new();

    public static TheoryData<int, ShortcutKind, int> Shortcuts { get; } =
    [
        .. new[] { 2, 3, 4 }.SelectMany(_ => new[]
        {
            (ShortcutKind.None, 1), (ShortcutKind.Input, 1), (ShortcutKind.Block, 1), (ShortcutKind.Block, 2),
            (ShortcutKind.Block, ShortcutConfig.AllPrevious), (ShortcutKind.Middle, 1), (ShortcutKind.Middle, 2),
            (ShortcutKind.Middle, ShortcutConfig.AllPrevious),
        }, (ranks, shortcut) => (ranks, shortcut.Item1, shortcut.Item2)),
    ];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Shortcuts))]
    public void Run_SharedOutLayers_TrainsAndSavesWhatOneProcessDoes(int ranks, ShortcutKind kind, int previous)
    {
        var adapter = PipelineBench.Adapter(kind, previous);

        var expected = Assert.Single(_bench.Train(1, adapter, PipelineBench.Config, "one"));
        var actual = _bench.Train(ranks, adapter, PipelineBench.Config, "several");

        AssertSame(expected, actual);
        AssertSameFolder("one/last", "several/last");
        AssertSameFolder("one/best", "several/best");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Run_AnyNumberOfMicroBatches_TrainsWhatOneProcessDoes(int microBatches)
    {
        var config = PipelineBench.Config with { AccumulationSteps = microBatches, Steps = 3 };

        AssertSameTraining(PipelineBench.Adapter(ShortcutKind.Middle, 2), config);
    }

    /// <summary>The last step of a pass over the data has fewer samples, and the last micro-batch of a step too.</summary>
    [Theory]
    [InlineData(5, 2)]
    [InlineData(3, 3)]
    [InlineData(7, 1)]
    public void Run_SamplesThatDoNotGoRound_TrainsWhatOneProcessDoes(int batchSize, int microBatches)
    {
        var config = PipelineBench.Config with { BatchSize = batchSize, AccumulationSteps = microBatches, Steps = 7 };

        AssertSameTraining(PipelineBench.Adapter(ShortcutKind.Middle), config);
    }

    [Fact]
    public void Run_ClippedGradients_ClipsByTheNormOfAllStages()
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.Block);
        var config = PipelineBench.Config with { ClipNorm = 0.01 };

        var free = Assert.Single(_bench.Train(1, adapter, config with { ClipNorm = 0 }, "free"));
        var clipped = AssertSameTraining(adapter, config);

        Assert.NotEqual(free.Weights, clipped.Weights);
    }

    [Fact]
    public void Run_TiedHead_TrainsWhatOneProcessDoes()
    {
        using var bench = new PipelineBench(tied: true);

        AssertSameTraining(PipelineBench.Adapter(ShortcutKind.Input), PipelineBench.Config, bench);
    }

    [Fact]
    public void Run_BlockOnTheTiedEmbedding_TrainsWhatOneProcessDoes()
    {
        using var bench = new PipelineBench(tied: true) { HeadIsParted = true };
        var adapter = PipelineBench.Adapter(ShortcutKind.None) with { Targets = TargetModules.Suffixes("embed_tokens", "lm_head", "q_proj") };

        AssertSameTraining(adapter, PipelineBench.Config, bench);
    }

    [Fact]
    public void Run_Packed_TrainsWhatOneProcessDoes() =>
        AssertSameTraining(PipelineBench.Adapter(ShortcutKind.Middle), PipelineBench.Config with { Packing = true });

    [Fact]
    public void Run_LayersComputedAgain_TrainsWhatOneProcessDoes() =>
        AssertSameTraining(PipelineBench.Adapter(ShortcutKind.Middle, 2), PipelineBench.Config with { GradientCheckpointing = true });

    [Fact]
    public void Run_AveragedWeights_AreWhatOneProcessHas() =>
        AssertSameTraining(PipelineBench.Adapter(ShortcutKind.Input), PipelineBench.Config with { Ema = 0.9 });

    [Fact]
    public void Run_AnnealedShortcuts_TrainsWhatOneProcessDoes() =>
        AssertSameTraining(PipelineBench.Adapter(ShortcutKind.Middle, anneal: 1), PipelineBench.Config with { Steps = 6 });

    [Fact]
    public void Run_NothingTrainedInTheFirstStage_TrainsWhatOneProcessDoes()
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.Input) with { Targets = TargetModules.Matching(@".*\.[34]\.self_attn\.q_proj") };

        AssertSameTraining(adapter, PipelineBench.Config);
    }

    [Fact]
    public void Run_NothingTrainedInTheLastStage_TrainsWhatOneProcessDoes()
    {
        var adapter = PipelineBench.Adapter(ShortcutKind.Middle) with { Targets = TargetModules.Matching(@".*\.[01]\.self_attn\.q_proj") };

        AssertSameTraining(adapter, PipelineBench.Config);
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_InBFloat16_BeginsAsOneProcessDoes(ShortcutKind kind)
    {
        using var bench = new PipelineBench { DataType = torch.ScalarType.BFloat16 };
        var config = PipelineBench.Config with { Steps = 2 };

        var expected = Assert.Single(bench.Train(1, PipelineBench.Adapter(kind), config, "one"));
        var actual = bench.Train(3, PipelineBench.Adapter(kind), config, "several");

        // The second loss is of weights that a step has made of gradients in bfloat16, added up in another order.
        Assert.All(actual, rank => Assert.Equal(expected.Result.Losses[0].Loss, rank.Result.Losses[0].Loss, Tolerance));
        Assert.All(actual, rank => Assert.Equal(expected.Result.Losses[1].Loss, rank.Result.Losses[1].Loss, 0.01));
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_Statistics_AreThoseOfAllStages(ShortcutKind kind)
    {
        _bench.Train(1, PipelineBench.Adapter(kind), PipelineBench.Config, "one");
        _bench.Train(3, PipelineBench.Adapter(kind), PipelineBench.Config, "several");

        var expected = _bench.Saved("one/last").Where(t => t.Key.Contains("norm", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(expected);
        var actual = _bench.Saved("several/last");
        Assert.All(expected, t => AssertClose(t.Value.Select(v => (double)v), actual[t.Key].Select(v => (double)v)));
    }

    [Fact]
    public void Run_Dropout_DropsTheSameWhenTheRunIsRepeated()
    {
        // Other numbers than one process drops: each stage draws its own.
        var adapter = PipelineBench.Adapter(ShortcutKind.None, dropout: 0.5);

        var (first, again) = (_bench.Train(3, adapter, PipelineBench.Config, "a"), _bench.Train(3, adapter, PipelineBench.Config, "b"));
        var none = _bench.Train(3, PipelineBench.Adapter(ShortcutKind.None), PipelineBench.Config, "c");

        Assert.Equal(first[0].Weights, again[0].Weights);
        Assert.NotEqual(first[0].Weights, none[0].Weights);
    }

    [Fact]
    public void Run_MoreSteps_LeaveNoMoreTensors()
    {
        long[] Left(int steps) => ThreadRanks.Run(2, rank => LiveTensors.Growth(
            () => _bench.Train(rank, PipelineBench.Adapter(ShortcutKind.Middle), PipelineBench.Config with { Steps = steps }, $"steps-{steps}")));

        Assert.Equal(Left(2), Left(6));
    }

    private RankRun AssertSameTraining(AdapterConfig adapter, TrainConfig config, PipelineBench? bench = null)
    {
        bench ??= _bench;
        var expected = Assert.Single(bench.Train(1, adapter, config, "one"));
        AssertSame(expected, bench.Train(3, adapter, config, "several"));
        return expected;
    }

    private static void AssertSame(RankRun expected, RankRun[] actual)
    {
        Assert.NotEmpty(expected.EvaluationLosses);
        foreach (var rank in actual)
        {
            AssertClose(expected.Result.Losses.Select(l => l.Loss), rank.Result.Losses.Select(l => l.Loss));
            AssertClose(expected.EvaluationLosses, rank.EvaluationLosses);
            AssertClose(expected.Weights.Select(w => (double)w), rank.Weights.Select(w => (double)w));
            Assert.Equal(actual[0].Weights, rank.Weights);
        }
    }

    private static void AssertClose(IEnumerable<double> expected, IEnumerable<double> actual)
    {
        Assert.Equal(expected.Count(), actual.Count());
        Assert.Equal(0, expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max(), Tolerance);
    }

    private void AssertSameFolder(string expected, string actual)
    {
        string[] Names(string folder) => [.. Directory.EnumerateFiles(_bench[folder]).Select(path => Path.GetFileName(path)).Order()];
        Assert.Equal(Names(expected), Names(actual));
        var (one, several) = (_bench.Saved(expected), _bench.Saved(actual));
        Assert.Equal(one.Keys.Order(), several.Keys.Order());
        foreach (var (name, values) in one)
        {
            Assert.True(values.Zip(several[name], (a, b) => Math.Abs(a - b)).Max() < Tolerance, name);
        }
    }
}
