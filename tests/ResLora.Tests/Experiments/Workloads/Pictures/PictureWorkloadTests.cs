using ResLora.Adapters;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Predicting;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Images.Augmentation;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads.Pictures;

/// <summary>The main job on pictures, from the plan to the exports, by the very calls that texts go through.</summary>
public sealed class PictureWorkloadTests(TinyPictureWorld world) : IClassFixture<TinyPictureWorld>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_EveryStructure_LearnsColoursAndTheMergedModelKeepsThem(ShortcutKind kind)
    {
        var name = $"learns-{kind}";
        var run = TrainJob.Run(world.Run(name, kind, steps: 60), stop: Stop);

        var unmerged = Evaluate(world.Model, Path.Combine(run.RunFolder, "last"));
        var merged = MergeJob.Run(
            new MergeOptions { Adapter = Path.Combine(run.RunFolder, "last"), As = MergeTarget.Model, Output = world.Folder[name + "-merged"] }, stop: Stop);

        Assert.True(unmerged.Labels!.Metrics["accuracy"] > 0.9);
        Assert.Equal(["accuracy", "macro_f1"], unmerged.Labels.Metrics.Keys);   // of three classes the first five places say nothing
        Assert.InRange(merged.Chosen.Loss.MeanKl, 0, 0.2);
        Assert.InRange(merged.ReadBackDifference!.Value, 0, 1e-4);
        Assert.StartsWith("6 pictures of the validation data of the run in ", merged.MeasuredOn, StringComparison.Ordinal);
        Assert.True(Evaluate(world.Folder[name + "-merged"], null).Labels!.Metrics["accuracy"] > 0.9);
    }

    [Fact]
    public void Run_AllWeights_LearnsTooAndIsAModelFolder()
    {
        var run = TrainJob.Run(world.Run("full", kind: null, steps: 40), stop: Stop);

        var report = Evaluate(Path.Combine(run.RunFolder, "last"), null);

        Assert.True(report.Labels!.Score > 0.9);
        Assert.True(File.Exists(Path.Combine(run.RunFolder, "last", "preprocessor_config.json")));
    }

    [Fact]
    public void Plan_SaysWhatIsLearnt()
    {
        var plan = PlanJob.Run(world.Run("planned", ShortcutKind.Middle));

        Assert.Equal((30, 6, 6), (plan.Run.Samples, plan.ValidationSamples, plan.Run.Modules.Count));
        Assert.Equal("30 pictures, 5 tokens each, 6 for validation", plan.DataFacts[0].Value);
        Assert.Equal(["blue", "green", "red"], plan.Balance.Select(share => share.Label));
        Assert.Equal(30, plan.Balance.Sum(share => share.Count));
        Assert.Equal(["classifier"], plan.NewModules);
        Assert.NotNull(plan.Run.Memory);
    }

    [Fact]
    public void Run_InterruptedAndResumed_EqualsAnUninterruptedRunBitForBit()
    {
        RunConfig Config(string output) => world.Run(output, ShortcutKind.Input, steps: 8) with
        {
            Data = world.Run(output).Data with
            {
                Augment = new AugmentConfig { RandomResizedCrop = new RandomResizedCropConfig { MinScale = 0.5 }, HorizontalFlip = 0.5, RandomErasing = new() },
            },
            Training = world.Run(output).Training with { Steps = 8, CheckpointEvery = 2 },
        };
        var whole = TrainJob.Run(Config("whole"), stop: Stop);
        using var stop = new CancellationTokenSource();
        var stopped = TrainJob.Run(Config("parts"), progress: new StopAfter(5, stop), stop: stop.Token);

        var resumed = TrainJob.Run(Config("parts"), resume: true, stop: Stop);

        Assert.Equal(5, stopped.Result.Steps);
        Assert.Equal(Tensors(whole), Tensors(resumed));
        Assert.NotEqual(Tensors(whole), Tensors(TrainJob.Run(world.Run("plain", ShortcutKind.Input, steps: 8), stop: Stop)));
    }

    [Theory]
    [InlineData("peft")]
    [InlineData("hf")]
    public void Export_OfATrainedAdapter_IsReadBackAndProved(string target)
    {
        var run = TrainJob.Run(world.Run($"to-{target}", ShortcutKind.Block), stop: Stop);

        var report = ExportJob.Run(
            new ExportOptions { To = target, Adapter = Path.Combine(run.RunFolder, "last"), Output = world.Folder[$"out-{target}"] });
        var check = ExportCheck.Run(world.Folder[$"out-{target}"]);

        var proof = Assert.Single(report.Proofs);
        Assert.InRange(proof.MaxLogitDifference, 0, 1e-5);
        Assert.Equal(6, proof.Predictions);
        Assert.Empty(check.Differences);
        Assert.True(check.Compared);
    }

    [Fact]
    public void Predict_FoldersAndLines_SayTheSame()
    {
        var run = TrainJob.Run(world.Run("predicts", ShortcutKind.None, steps: 40), stop: Stop);
        var options = new PredictOptions { Model = world.Model, Adapter = Path.Combine(run.RunFolder, "last") };
        string[] files = [.. Directory.GetFiles(Path.Combine(world.Colours, "red")).Order(StringComparer.Ordinal)];

        List<LabelPrediction> ofFolder = [], ofLines = [];
        PredictJob.Run(options with { Data = Path.Combine(world.Colours, "red") }, [], ofFolder.Add, Stop);
        PredictJob.Run(options, files, ofLines.Add, Stop);

        Assert.Equal(ofFolder.Select(one => one.Probabilities!["red"]), ofLines.Select(one => one.Probabilities!["red"]));
        Assert.Equal(files.Select(Path.GetFileName), ofFolder.Select(one => one.File));
        Assert.True(ofFolder.Count(one => one.Label == "red") >= 11);
    }

    [Fact]
    public void Run_StartsFromAnAdapter_WithItsHead()
    {
        var first = TrainJob.Run(world.Run("first", ShortcutKind.None, steps: 30), stop: Stop);
        var second = world.Run(
            "second",
            ShortcutKind.None,
            steps: 2) with
        { StartFrom = Path.Combine(first.RunFolder, "last"), Adapter = new AdapterConfig() };

        var report = TrainJob.Run(second, stop: Stop);

        Assert.True(report.Result.Losses[0].Loss < 0.5 * first.Result.Losses[0].Loss);
    }

    [Fact]
    public void Evaluate_AHeadWithOtherLabels_IsRefusedWithTheNames()
    {
        var error = Assert.Throws<FileFormatException>(() => Evaluate(world.Model, null));

        Assert.Contains("has the class 'blue', which the model has not", error.Message, StringComparison.Ordinal);
        Assert.Contains("dark, light", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ABrokenPicture_NamesItOrIsCountedAndLeftOut()
    {
        foreach (var (colour, i) in Enumerable.Range(0, 3).SelectMany(c => Enumerable.Range(0, 4).Select(i => (c, i))))
        {
            world.Save($"broken/{colour}/{i}.png", TinyPictureWorld.Picture(colour, i, 20, 20));
        }

        File.WriteAllText(world.Folder["broken/1/bad.png"], "no picture");
        var config =
            world.Run("broken-run") with { Data = world.Run("x").Data with { Train = world.Folder["broken"], ValidationCount = 0 } };

        var error = Assert.Throws<FileFormatException>(() => TrainJob.Run(config, stop: Stop));
        var plan = PlanJob.Run(config with { Data = config.Data with { SkipBroken = true } });

        Assert.Contains("bad.png", error.Message, StringComparison.Ordinal);
        Assert.Equal("12 pictures, 5 tokens each, 0 for validation; 1 are broken and left out", plan.DataFacts[0].Value);
    }

    [Fact]
    public void Run_APreprocessorOfAnotherSize_IsRefused()
    {
        var folder = world.Folder["other-size"];
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(world.Model))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        var path = Path.Combine(folder, "preprocessor_config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("16", "32", StringComparison.Ordinal));

        var error = Assert.Throws<ConfigException>(() => PlanJob.Run(world.Run("sized") with { Model = folder }));

        Assert.Contains("makes pictures of 32 x 32 pixels, and the model takes 16 x 16 pixels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_APictureInTwoSplits_IsTold()
    {
        for (var i = 0; i < 8; i++)
        {
            world.Save($"twins/train/{i % 2}/{i}.png", TinyPictureWorld.Picture(i % 2, i, 16, 16));
            world.Save($"twins/validation/{i % 2}/{i}.png", TinyPictureWorld.Picture(i % 2, i == 5 ? i : i + 20, 16, 16));
        }

        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);
        var plan = PlanJob.Run(
            world.Run("twins-run") with { Data = world.Run("x").Data with { Train = world.Folder["twins"], ValidationCount = null } });

        Assert.Equal((8, 8), (plan.Run.Samples, plan.ValidationSamples));
        var told = Assert.Single(warnings);
        Assert.Contains("'validation/1/5.png' has the bytes of 'train/1/5.png', which is trained on", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_SettingsOfPicturesForATextTask_AreNamed()
    {
        var config = world.Run("texts") with { Task = "svamp" };

        var problems = (
            config with { Data = config.Data with { SkipBroken = true, PictureCache = "1GB", Augment = new AugmentConfig() } }).Problems();

        Assert.Equal(
            ["augment", "skipBroken", "pictureCache"],
            problems.Select(problem => problem["data.".Length..problem.IndexOf(' ', StringComparison.Ordinal)]));
    }

    private EvaluationReport Evaluate(string model, string? adapter) =>
        EvaluateJob.Run(
            new EvaluateOptions { Model = model, Adapter = adapter, Task = "image-classification", Data = world.Colours }, stop: Stop);

    private static byte[] Tensors(TrainReport report)
    {
        var folder = Path.Combine(report.RunFolder, "last");
        return File.ReadAllBytes(Directory.GetFiles(folder, "*.safetensors").Single());
    }
}
