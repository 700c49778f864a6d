using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Running;

public sealed class TrainJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Run_AnAdapter_LeavesACompleteRunFolder()
    {
        var config = world.Run("complete");

        var report = TrainJob.Run(config, stop: TestContext.Current.CancellationToken);

        var folder = new RunFolder(report.RunFolder);
        Assert.Equal(3, report.Result.Steps);
        Assert.Equal(3, report.Result.Losses.Count);
        Assert.Equal(ShortcutKind.Input, AdapterStore.Describe(folder.Best).Config.Shortcut.Kind);
        Assert.Equal(world.Model, AdapterStore.Describe(folder.Last).BaseModel);
        Assert.True(File.Exists(folder.MetricsFile));
        Assert.Equal(config.Training, RunConfig.Read(folder.ConfigFile).Training);
        Assert.Equal(config.Adapter, RunConfig.Read(folder.ConfigFile).Adapter);
    }

    [Fact]
    public void Run_FolderOfAnEarlierRun_IsRefusedWithoutResume()
    {
        TrainJob.Run(world.Run("earlier"), stop: TestContext.Current.CancellationToken);

        var error = Assert.Throws<ConfigException>(() => TrainJob.Run(world.Run("earlier"), stop: TestContext.Current.CancellationToken));

        Assert.Contains("holds an earlier run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_StoppedAndResumed_EndsAsIfItHadNotStopped()
    {
        var whole = TrainJob.Run(world.Run("whole", steps: 6), stop: TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        var stopping = new Recorder(e =>
        {
            if (e is StepDone { Step: 3 })
            {
                stop.Cancel();
            }
        });

        var first = TrainJob.Run(world.Run("halves", steps: 6), progress: stopping, stop: stop.Token);
        var second = TrainJob.Run(world.Run("halves", steps: 6), resume: true, stop: TestContext.Current.CancellationToken);

        Assert.True(first.Result.Interrupted);
        Assert.Equal(3, first.Result.Steps);
        Assert.Equal(whole.Result.Losses, second.Result.Losses);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(whole.RunFolder, "last", "adapter.safetensors")),
            File.ReadAllBytes(Path.Combine(second.RunFolder, "last", "adapter.safetensors")));
    }

    [Fact]
    public void Run_WithoutAdapter_TrainsAndSavesTheWholeModel()
    {
        var report = TrainJob.Run(world.Run("whole-model") with { Adapter = null }, stop: TestContext.Current.CancellationToken);

        Assert.True(File.Exists(Path.Combine(report.RunFolder, "last", "model.safetensors")));
        Assert.True(File.Exists(Path.Combine(report.RunFolder, "last", "tokenizer.json")));
        Assert.NotEqual(
            File.ReadAllBytes(Path.Combine(world.Model, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(report.RunFolder, "last", "model.safetensors")));
    }

    [Fact]
    public void Run_BestByExactMatch_EvaluationsAnswer()
    {
        var events = new List<RunEvent>();
        var config = world.Run("exact");
        config = config with { Training = config.Training with { BestMetric = RunConfig.ExactMatchMetric } };

        TrainJob.Run(config, progress: new Recorder(events.Add), stop: TestContext.Current.CancellationToken);

        Assert.Contains(RunConfig.ExactMatchMetric, Assert.Single(events.OfType<EvaluationDone>()).Metrics.Keys);
        Assert.IsType<RunStarted>(events[0]);
    }

    [Fact]
    public void Run_TargetThatMatchesNothing_NamesNearOnesAndLeavesNoFolder()
    {
        var config = world.Run("nothing");
        config = config with { Adapter = config.Adapter! with { Targets = TargetModules.Suffixes("q_porj") } };

        var error = Assert.Throws<ConfigException>(() => TrainJob.Run(config, stop: TestContext.Current.CancellationToken));

        Assert.Contains("q_proj", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(config.Output));
    }

    private sealed class Recorder(Action<RunEvent> record) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => record(value);
    }
}
