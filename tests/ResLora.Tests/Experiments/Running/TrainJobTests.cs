using ResLora.Adapters;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Training;
using ResLora.Training.Loop;
using Xunit;
using static TorchSharp.torch;

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
        Assert.True(File.Exists(folder.LossPlot));
        Assert.StartsWith("What is ", report.Prompt, StringComparison.Ordinal);
        Assert.Equal(config.Training with { DataType = "float32" }, RunConfig.Read(folder.ConfigFile).Training);
        Assert.Equal(
            config.Adapter! with { Targets = TargetModules.Suffixes("q_proj", "v_proj") }, RunConfig.Read(folder.ConfigFile).Adapter);
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.None)]
    public void Run_FromASavedAdapter_GoesOnWithItsSettingsAndWeights(ShortcutKind kind)
    {
        var first = new RunFolder(TrainJob.Run(world.Run($"first-{kind}", kind), stop: TestContext.Current.CancellationToken).RunFolder);
        // A learning rate of next to nothing: what is saved is what training started from.
        var config = world.Run($"second-{kind}", steps: 1) with
        {
            Adapter = new AdapterConfig(),
            StartFrom = first.Last,
            Training = world.Run("x").Training with { Steps = 1, LearningRate = 1e-30, WeightDecay = 0 },
        };

        var second = new RunFolder(TrainJob.Run(config, stop: TestContext.Current.CancellationToken).RunFolder);

        var (saved, expected) = (AdapterStore.Describe(second.Last), AdapterStore.Describe(first.Last));
        Assert.Equal(expected.Config, saved.Config);
        using var before = SafetensorsReader.Open(expected.TensorFile);
        using var after = SafetensorsReader.Open(saved.TensorFile);
        Assert.All(before.Entries.Keys.Where(name => name.Contains("lora_", StringComparison.Ordinal)), name =>
        {
            using var scope = NewDisposeScope();
            Assert.Equal(0, (before.Read(name) - after.Read(name)).abs().max().item<float>());
        });
    }

    [Fact]
    public void Run_FromAPeftAdapterWithPatterns_StoppedAndResumedEndsAsIfItHadNot()
    {
        var peft = world.Folder["patterned"];
        using (var session = ModelSession.Load(world.Model))
        {
            AdapterStore.Save(
                AdaptedModel.Inject(
                    session.Model,
                    new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes("q_proj") },
                    new ModuleOverrides([new("layers.1.*", 3)], [])),
                peft);
        }

        RunConfig Config(string output) => world.Run(output, steps: 4) with { Adapter = new AdapterConfig(), StartFrom = peft };
        using var stop = new CancellationTokenSource();
        var stopping = new Recorder(e =>
        {
            if (e is StepDone { Step: 2 })
            {
                stop.Cancel();
            }
        });

        var whole = TrainJob.Run(Config("from-whole"), stop: TestContext.Current.CancellationToken);
        TrainJob.Run(Config("from-halves"), progress: stopping, stop: stop.Token);
        var resumed = TrainJob.Run(Config("from-halves"), resume: true, stop: TestContext.Current.CancellationToken);

        Assert.Equal(whole.Result.Losses, resumed.Result.Losses);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(whole.RunFolder, "last", "adapter_model.safetensors")),
            File.ReadAllBytes(Path.Combine(resumed.RunFolder, "last", "adapter_model.safetensors")));
        Assert.Equal(
            ["^model\\.layers\\.1\\.self_attn\\.q_proj"],
            AdapterStore.Describe(Path.Combine(resumed.RunFolder, "last")).Overrides.Ranks.Select(r => r.Key));
        Assert.Equal(PlanJob.Run(Config("from-whole")).Run.TrainableParameters, whole.TrainableParameters);
    }

    [Fact]
    public void Problems_SettingsBesideAnAdapterToStartFrom_AreRefused()
    {
        var config = world.Run("both") with { StartFrom = "somewhere" };

        Assert.Contains(config.Problems(), problem => problem.Contains("leave adapter out", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_FolderOfAnEarlierRun_IsRefusedWithoutResume()
    {
        TrainJob.Run(world.Run("earlier"), stop: TestContext.Current.CancellationToken);

        var error = Assert.Throws<ConfigException>(() => TrainJob.Run(world.Run("earlier"), stop: TestContext.Current.CancellationToken));

        Assert.Contains("holds an earlier run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ResumedWithOtherSettings_IsRefusedAndRewritesNothing()
    {
        var config = world.Run("refused", steps: 4);
        config = config with { Training = config.Training with { CheckpointEvery = 2 } };
        TrainJob.Run(config, stop: TestContext.Current.CancellationToken);
        var before = Everything(config.Output!);

        var error = Assert.Throws<ConfigException>(() => TrainJob.Run(
            config with { Training = config.Training with { LearningRate = 1 } }, resume: true, stop: TestContext.Current.CancellationToken));

        Assert.Contains("learningRate (0.05 there, 1 here)", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Everything(config.Output!));
    }

    [Theory]
    [InlineData("config.json", "config.json (")]
    [InlineData("tokenizer.json", "the tokenizer's files (")]
    public void Run_ResumedWithAnotherFileOfTheModel_IsRefusedByName(string file, string named)
    {
        var model = world.Folder[$"copy-{file}"];
        Directory.CreateDirectory(model);
        foreach (var path in Directory.GetFiles(world.Model))
        {
            File.Copy(path, Path.Combine(model, Path.GetFileName(path)));
        }

        var config = world.Run($"source-{file}", steps: 2) with { Model = model };
        config = config with { Training = config.Training with { CheckpointEvery = 1 } };
        TrainJob.Run(config, stop: TestContext.Current.CancellationToken);
        File.AppendAllText(Path.Combine(model, file), "\n");

        var error = Assert.Throws<ConfigException>(() => TrainJob.Run(config, resume: true, stop: TestContext.Current.CancellationToken));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ResumedInAFolderThatIsNotThere_IsRefusedBeforeAnythingIsRead()
    {
        var config = world.Run("mistyped") with { Model = world.Folder["no model either"] };

        var error = Assert.Throws<ConfigException>(() => TrainJob.Run(config, resume: true, stop: TestContext.Current.CancellationToken));

        Assert.Contains("the folder does not exist", error.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(config.Output));
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
    public void Run_PackedAndPadded_LearnTheSameInBatchesOfAnotherShape()
    {
        (double[] Losses, long Activations) Run(bool packing)
        {
            var config = world.Run($"packing-{packing}");
            var report = TrainJob.Run(
                config with { Training = config.Training with { Packing = packing } }, stop: TestContext.Current.CancellationToken);
            return ([.. report.Result.Losses.Select(step => step.Loss)], report.PlannedMemory!.Activations);
        }

        var (packed, padded) = (Run(packing: true), Run(packing: false));

        Assert.All(packed.Losses.Zip(padded.Losses), pair => Assert.Equal(pair.Second, pair.First, tolerance: 1e-4));
        Assert.NotEqual(padded.Activations, packed.Activations);
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
        Assert.IsType<RunPlanned>(events[0]);
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

    private static Dictionary<string, string> Everything(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(path => path, path => Convert.ToHexString(File.ReadAllBytes(path)));

    private sealed class Recorder(Action<RunEvent> record) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => record(value);
    }
}
