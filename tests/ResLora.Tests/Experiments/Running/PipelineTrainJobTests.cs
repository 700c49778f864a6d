using ResLora.Adapters;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Training.Distributed;
using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Pipeline;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Running;

public sealed class PipelineTrainJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    private const double Tolerance = 1e-5;   // sums over ranks are added in another order

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    public void Run_Pipeline_LeavesTheAdapterOfOneProcess(ShortcutKind kind)
    {
        var one = TrainJob.Run(Config($"one-{kind}", kind), stop: TestContext.Current.CancellationToken);

        var several = ThreadRanks.Run(2, ranks => Run(Config($"two-{kind}", kind), ranks));

        Assert.Equal(one.TrainableParameters, several[1].TrainableParameters);
        var (expected, actual) = (new RunFolder(one.RunFolder), new RunFolder(several[0].RunFolder));
        Assert.Equal(AdapterStore.Describe(expected.Best).Config, AdapterStore.Describe(actual.Best).Config);
        AssertSameTensors(expected.Best, actual.Best);
        AssertSameTensors(expected.Last, actual.Last);
        Assert.True(File.Exists(actual.LossPlot));
    }

    [Fact]
    public void Run_LimitOnMemory_IsKeptByEachProcessAndTrainsTheSame()
    {
        var config = Config("free", ShortcutKind.Input);
        var asked = new RanksQuestion([2], new NetworkSpeed(3e-5, 1e9), StepSeconds: null);
        var limit = Assert.Single(PlanJob.Run(config, asked: asked).Pipelines).Stages.Max(stage => stage.Memory!.Total) - 1;
        var limited = Config("limited", ShortcutKind.Input);
        limited = limited with { Training = limited.Training with { MaxMemory = $"{limit}" } };

        var free = ThreadRanks.Run(2, ranks => Run(config, ranks));
        var kept = ThreadRanks.Run(2, ranks => Run(limited, ranks));

        var planned = Assert.Single(PlanJob.Run(limited, asked: asked).Pipelines);
        Assert.True(planned.Choice!.Wanted > limit);
        Assert.Equal(planned.Stages.Select(stage => stage.Memory), kept.Select(report => report.PlannedMemory));
        Assert.All(kept, report => Assert.InRange(report.PlannedMemory!.Total, 1, limit));
        Assert.All(free[0].Result.Losses.Zip(kept[0].Result.Losses), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, Tolerance));
    }

    [Fact]
    public void Run_PlanOfAPipeline_SaysWhatEachRankDoes()
    {
        var config = Config("planned", ShortcutKind.None);

        var plan = PlanJob.Run(config, asked: new RanksQuestion([2, 3], new NetworkSpeed(3e-5, 1e9), StepSeconds: 6));

        Assert.Equal([2, 3], plan.Pipelines.Select(pipeline => pipeline.Stages.Count));
        Assert.Empty(plan.Ranks);
        var two = plan.Pipelines[0];
        // Three passes of two ranks: one place of four is empty.
        Assert.Equal((3, 0.25, plan.Run.TrainableParameters * 4), (two.Passes, two.IdleShare, two.GradientBytes));
        Assert.Equal(6.0 / 2 / 0.75, two.StepSeconds!.Value - two.TalkSeconds, 9);
        Assert.Equal([2, 1], two.Stages.Select(stage => stage.PassesKept));
        Assert.All(two.Stages, stage => Assert.InRange(stage.Memory!.MappedWeights, 1, plan.Run.Memory!.MappedWeights - 1));
    }

    [Theory]
    [InlineData("all weights")]
    [InlineData("bestMetric")]
    [InlineData("3 layers for 4 processes")]
    public void Run_PlanOfAPipelineThatCannotBe_IsRefusedAsTrainingIs(string says)
    {
        var config = Config("refused", ShortcutKind.None);
        config = says switch
        {
            "all weights" => config with { Adapter = null },
            "bestMetric" => config with { Training = config.Training with { BestMetric = RunConfig.ExactMatchMetric } },
            _ => config,
        };
        var ranks = says.StartsWith('3') ? 4 : 2;

        var planned = Assert.Throws<ConfigException>(
            () => PlanJob.Run(config, asked: new RanksQuestion([ranks], new NetworkSpeed(3e-5, 1e9), StepSeconds: null)));
        var trained = Assert.Throws<AggregateException>(() => ThreadRanks.Run(ranks, one => Run(config, one)));

        Assert.Contains(says, planned.Message, StringComparison.Ordinal);
        Assert.All(trained.InnerExceptions, one => Assert.Equal(planned.Message, Assert.IsType<ConfigException>(one).Message));
    }

    [Fact]
    public void Run_PipelineOfAllWeights_IsRefusedBeforeAWeightIsRead()
    {
        var config = Config("full", ShortcutKind.None) with { Adapter = null };

        var error = Assert.Throws<AggregateException>(() => ThreadRanks.Run(2, ranks => Run(config, ranks)));

        Assert.All(error.InnerExceptions, one => Assert.Contains("all weights", Assert.IsType<ConfigException>(one).Message, StringComparison.Ordinal));
    }

    private static TrainReport Run(RunConfig config, ICommunicator ranks) =>
        TrainJob.Run(config, watch: null, resume: false, progress: null, ranks, TestContext.Current.CancellationToken);

    private static void AssertSameTensors(string expected, string actual)
    {
        using var scope = NewDisposeScope();
        using var one = SafetensorsReader.Open(AdapterStore.Describe(expected).TensorFile);
        using var several = SafetensorsReader.Open(AdapterStore.Describe(actual).TensorFile);
        Assert.Equal(one.Entries.Keys.Order(), several.Entries.Keys.Order());
        Assert.All(one.Entries.Keys, name => Assert.Equal(0, (one.Read(name) - several.Read(name)).abs().max().to(float64).item<double>(), Tolerance));
    }

    private RunConfig Config(string name, ShortcutKind kind)
    {
        var config = world.Run(name, kind);
        return config with { Training = config.Training with { AccumulationSteps = 3, Parallel = Parallelism.Pipeline } };
    }
}
