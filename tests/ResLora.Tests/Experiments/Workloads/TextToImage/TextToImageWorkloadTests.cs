using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Training;
using ResLora.Training.Loop;
using ResLora.Training.Objectives.Denoising;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads.TextToImage;

/// <summary>The main job on captioned pictures, from the plan to the exports, by the very calls that texts go through.</summary>
public sealed class TextToImageWorkloadTests(TinyDiffusionWorld world) : IClassFixture<TinyDiffusionWorld>
{
    private static readonly string[] _textAndUNet = ["q_proj", "v_proj", "to_q", "to_v"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_EveryStructure_LearnsAndTheMergedPipelineKeepsIt(ShortcutKind kind)
    {
        var name = $"learns-{kind}";
        var before = Loss(world.Model, null);
        var run = TrainJob.Run(world.Run(name, kind, steps: 60), stop: Stop);
        var adapter = Path.Combine(run.RunFolder, "last");

        var unmerged = Loss(world.Model, adapter);
        var merged = MergeJob.Run(
            new MergeOptions { Adapter = adapter, As = MergeTarget.Model, Output = world.Folder[name + "-merged"] }, stop: Stop);

        Assert.True(unmerged < 0.9 * before, $"{before} became {unmerged}");
        Assert.InRange(merged.ReadBackDifference!.Value, 0, 1e-4);
        Assert.InRange(Loss(world.Folder[name + "-merged"], null) / unmerged, 0.9, 1.1);
    }

    [Fact]
    public void Run_UsualTargets_AreNamedSoThatPeftChoosesNoOtherModule()
    {
        var run = TrainJob.Run(world.Run("named"), stop: Stop);

        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(run.RunFolder, "last", "adapter_config.json")));

        // "0" alone would be the end of down_blocks.0, too.
        Assert.Equal(
            ["to_k", "to_out.0", "to_q", "to_v"],
            config.RootElement.GetProperty("target_modules").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void Run_InterruptedAndResumed_EqualsAnUninterruptedRunBitForBit()
    {
        RunConfig Config(string output) => world.Run(output, ShortcutKind.Input, steps: 8) with
        {
            Denoising = new DenoisingConfig { SnrGamma = 5, NoiseOffset = 0.1, CaptionDropout = 0.3, HorizontalFlip = 0.5 },
            Training = world.Run(output).Training with { Steps = 8, CheckpointEvery = 2 },
        };
        var whole = TrainJob.Run(Config("whole"), stop: Stop);
        using var stop = new CancellationTokenSource();
        var stopped = TrainJob.Run(Config("parts"), progress: new StopAfter(5, stop), stop: stop.Token);

        var resumed = TrainJob.Run(Config("parts"), resume: true, stop: Stop);

        Assert.Equal(5, stopped.Result.Steps);
        Assert.Equal(TinyDiffusionWorld.Tensors(whole), TinyDiffusionWorld.Tensors(resumed));
        Assert.NotEqual(
            TinyDiffusionWorld.Tensors(whole),
            TinyDiffusionWorld.Tensors(TrainJob.Run(world.Run("plain", ShortcutKind.Input, steps: 8), stop: Stop)));
    }

    [Fact]
    public void Run_ASecondTime_DecodesNoPicture()
    {
        var notes = new List<string>();
        var config = world.Run("encodes") with { Denoising = new DenoisingConfig { Resolution = 8 } };
        TrainJob.Run(config, progress: new Notes(notes), stop: Stop);
        var files = Cached();

        TrainJob.Run(config with { Output = world.Folder["encodes-not"] }, progress: new Notes(notes), stop: Stop);

        Assert.Single(notes, note => note == "12 of 12 pictures are encoded.");
        Assert.Equal(files, Cached());
    }

    [Fact]
    public void Plan_SaysWhatIsLearntAndEncodesNothing()
    {
        var folder = TinyPipeline.Write(world.Folder["bare"]);
        File.Delete(Path.Combine(folder, "vae/diffusion_pytorch_model.safetensors"));
        var cached = Cached();

        // Of 7 transformers, 2 attentions of 4 layers.
        var plan = PlanJob.Run(world.Run("planned", ShortcutKind.Middle) with { Model = folder });

        Assert.Equal((10, 2 * DenoisingObjective.Bands, 56), (plan.Run.Samples, plan.ValidationSamples, plan.Run.Modules.Count));
        Assert.Equal(
            [
                ("data", "10 pictures with captions, 2 for validation, each at 4 timesteps"), ("latents", "8 x 8 of 4 channels"),
                ("captions", "8 tokens"),
            ],
            plan.DataFacts.Select(fact => (fact.Key, fact.Value)));
        Assert.Equal(cached, Cached());
        Assert.False(Directory.Exists(world.Folder["planned"]));
    }

    [Fact]
    public void Plan_CaptionsThatAreTooLong_AreCounted()
    {
        var data = world.Folder["long captions"];
        TinyDiffusionWorld.WritePictures(data);
        File.WriteAllText(Path.Combine(data, "3.txt"), "one two three four");

        var plan = PlanJob.Run(world.Run("planned") with { Data = new DataConfig { Train = data, ValidationCount = 0 } });

        Assert.Equal("8 tokens; 1 are longer and are cut", plan.DataFacts[2].Value);
        Assert.Equal(0, plan.ValidationSamples);
    }

    [Fact]
    public void Run_ABrokenPicture_NamesItOrIsCountedAndLeftOut()
    {
        var data = world.Folder["broken"];
        TinyDiffusionWorld.WritePictures(data);
        File.WriteAllText(Path.Combine(data, "bad.png"), "no picture");
        File.WriteAllText(Path.Combine(data, "bad.txt"), "red");
        var config = world.Run("broken-run") with { Data = new DataConfig { Train = data, ValidationCount = 0 } };

        var error = Assert.Throws<FileFormatException>(() => TrainJob.Run(config, stop: Stop));
        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);
        var plan = PlanJob.Run(config with { Data = config.Data with { SkipBroken = true } });

        Assert.Contains("bad.png", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            "12 pictures with captions, 0 for validation, each at 4 timesteps; 1 are broken and left out", plan.DataFacts[0].Value);
        Assert.Contains("bad.png", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WithTheTextEncoder_TrainsBothAndItsRateIsItsOwn()
    {
        RunConfig Config(string output, double rate) => world.Run(output) with
        {
            Adapter = new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes(_textAndUNet) },
            Denoising = new DenoisingConfig { TextEncoderRate = rate },
            Training = world.Run(output).Training with { Steps = 1 },
        };

        var (usual, slow) = (Moved(Config("rate-1", 1)), Moved(Config("rate-01", 0.1)));

        // After one step of Adam from 0 every number of B is about ± the rate.
        Assert.InRange(slow.Text / usual.Text, 0.09, 0.11);
        Assert.InRange(slow.UNet / usual.UNet, 0.999, 1.001);
        Assert.InRange(usual.Text, 0.005, 0.0101);
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    public void Merge_WithTheTextEncoder_KeepsWhatBothLearnt(ShortcutKind kind)
    {
        var config = world.Run($"both-{kind}", kind, steps: 30);
        var run = TrainJob.Run(
            config with { Adapter = config.Adapter! with { Targets = TargetModules.Suffixes(_textAndUNet) } }, stop: Stop);
        var adapter = Path.Combine(run.RunFolder, "last");
        var output = world.Folder[$"both-{kind}-merged"];

        var merged = MergeJob.Run(new MergeOptions { Adapter = adapter, As = MergeTarget.Model, Output = output }, stop: Stop);

        Assert.InRange(merged.ReadBackDifference!.Value, 0, 1e-4);
        Assert.InRange(Loss(output, null) / Loss(world.Model, adapter), 0.9, 1.1);
        Assert.NotEqual(
            File.ReadAllBytes(Path.Combine(world.Model, "text_encoder/model.safetensors")),
            File.ReadAllBytes(Path.Combine(output, "text_encoder/model.safetensors")));
    }

    [Fact]
    public void Merge_OfShortcutsIntoLora_IsReadBack()
    {
        var run = TrainJob.Run(world.Run("to-lora", ShortcutKind.Block, steps: 20), stop: Stop);

        var merged = MergeJob.Run(
            new MergeOptions { Adapter = Path.Combine(run.RunFolder, "last"), As = MergeTarget.Lora, Output = world.Folder["as-lora"] },
            stop: Stop);

        Assert.InRange(merged.ReadBackDifference!.Value, 0, 1e-4);
        Assert.InRange(Loss(world.Model, world.Folder["as-lora"]) / Loss(world.Model, Path.Combine(run.RunFolder, "last")), 0.9, 1.1);
    }

    /// <summary>The losses of bands that a merge tells are what evaluate says of the adapter and of the merged model.</summary>
    [Fact]
    public void Merge_LossOfEachBand_IsThatOfEvaluate()
    {
        var adapter = Path.Combine(TrainJob.Run(world.Run("bands", ShortcutKind.Input, steps: 40), stop: Stop).RunFolder, "last");
        var output = world.Folder["bands-merged"];
        var options = new MergeOptions
        {
            Adapter = adapter,
            Method = MergeMethod.Dropped,
            As = MergeTarget.Model,
            Output = output,
            Task = "text-to-image",
            Data = world.Data,
        };

        var parts = MergeJob.Run(options, stop: Stop).Loss.Parts!;
        var (unmerged, merged) = (Evaluate(world.Model, adapter), Evaluate(output, null));
        using var written = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, MergeJob.ReportFileName)));

        Assert.Equal(unmerged.Parts.Keys, parts.Select(part => part.Name));
        Assert.All(parts, part =>
        {
            Assert.NotEqual(part.LossUnmerged, part.LossMerged, 1e-3);
            Assert.Equal(unmerged.Parts[part.Name], part.LossUnmerged, 1e-5);
            Assert.Equal(merged.Parts[part.Name], part.LossMerged, 1e-5);
        });
        Assert.Equal(
            parts.Select(part => part.LossMerged),
            written.RootElement.GetProperty("chosen").GetProperty("loss").GetProperty("parts").EnumerateArray()
                .Select(part => part.GetProperty("lossMerged").GetDouble()));
    }

    [Theory]
    [InlineData("peft")]
    [InlineData("hf")]
    public void Export_OfATrainedAdapter_IsReadBackAndProved(string target)
    {
        var run = TrainJob.Run(world.Run($"to-{target}", ShortcutKind.None), stop: Stop);

        var report = ExportJob.Run(
            new ExportOptions { To = target, Adapter = Path.Combine(run.RunFolder, "last"), Output = world.Folder[$"out-{target}"] });
        var check = ExportCheck.Run(world.Folder[$"out-{target}"]);

        Assert.InRange(Assert.Single(report.Proofs).MaxLogitDifference, 0, 1e-4);
        Assert.Equal(DenoisingObjective.Bands, report.MergeLoss!.Parts!.Count);
        Assert.Empty(check.Differences);
        Assert.True(check.Compared);
    }

    /// <summary>Trained, drawn, measured, merged by invented pictures, exported and checked: no timestep is past the end.</summary>
    [Fact]
    public void Run_AScheduleOf100Timesteps_StaysWithinItFromTrainingToTheExport()
    {
        const int timesteps = 100;
        var model = TinyPipeline.Write(world.Folder["short"]);
        var scheduler = Path.Combine(model, "scheduler/scheduler_config.json");
        File.WriteAllText(scheduler, File.ReadAllText(scheduler).Replace("1000", "100", StringComparison.Ordinal));
        var samples = new SamplesConfig { Prompts = ["red"], Steps = 2 };
        var config = world.Run("short-run", ShortcutKind.Input) with { Model = model, Samples = samples };
        var adapter = Path.Combine(TrainJob.Run(config, stop: Stop).RunFolder, "last");
        var alone = Directory.CreateDirectory(world.Folder["short-alone"]).FullName;   // without its run, whose pictures would be taken
        Array.ForEach(Directory.GetFiles(adapter), file => File.Copy(file, Path.Combine(alone, Path.GetFileName(file))));

        var parts = EvaluateJob.Run(
            new EvaluateOptions { Model = model, Adapter = adapter, Task = "text-to-image", Data = world.Data }, stop: Stop).Parts;
        var merge = MergeJob.Run(
            new MergeOptions { Adapter = alone, As = MergeTarget.Lora, Output = world.Folder["short-lora"] }, stop: Stop);
        ExportJob.Run(new ExportOptions { To = "hf", Adapter = adapter, Output = world.Folder["short-export"], AllowLossy = true });
        using var session = ModelSession.Load(model);
        var workload = WorkloadRegistry.Of("text-to-image");
        var invented = workload.Invent(session, 0, "measure").Examples.Cast<DenoisingExample>();
        var repeated = Enumerable.Range(0, 50).Select(seed => (DenoisingExample)workload.Example([seed], session));

        Assert.Equal(["timesteps_0_to_24", "timesteps_25_to_49", "timesteps_50_to_74", "timesteps_75_to_99"], parts.Keys);
        Assert.Equal("32 random latents", merge.MeasuredOn);
        Assert.True(ExportCheck.Run(world.Folder["short-export"]).Passed);
        Assert.All(invented.Concat(repeated), example => Assert.InRange(example.Fixed!.Timestep, 0, timesteps - 1));
        Assert.True(File.Exists(Path.Combine(config.Output!, "samples.png")));
    }

    [Fact]
    public void Run_WithGradientCheckpointing_LosesTheSame()
    {
        var plain = TrainJob.Run(world.Run("plain-gradients", ShortcutKind.Input), stop: Stop);
        var config = world.Run("checkpointed", ShortcutKind.Input);

        var checkpointed = TrainJob.Run(config with { Training = config.Training with { GradientCheckpointing = true } }, stop: Stop);

        // Gradients of what several layers read are added up in another order.
        Assert.Equal(plain.Result.Losses[0].Loss, checkpointed.Result.Losses[0].Loss);
        Assert.All(
            plain.Result.Losses.Zip(checkpointed.Result.Losses),
            pair => Assert.InRange(pair.Second.Loss / pair.First.Loss, 1 - 1e-5, 1 + 1e-5));
    }

    [Fact]
    public void Run_StartsFromAnAdapter_WhereThatEnded()
    {
        var first = TrainJob.Run(world.Run("first", steps: 40), stop: Stop);
        var adapter = Path.Combine(first.RunFolder, "last");
        var config = world.Run("second", steps: 1) with { StartFrom = adapter, Adapter = new AdapterConfig() };

        var second = TrainJob.Run(config with { Training = config.Training with { LearningRate = 1e-9 } }, stop: Stop);

        Assert.Equal(Loss(world.Model, adapter), Loss(world.Model, Path.Combine(second.RunFolder, "last")), 1e-5);
    }

    [Fact]
    public void Run_AllWeights_LearnsTooAndIsAPipeline()
    {
        var run = TrainJob.Run(world.Run("full", kind: null, steps: 30), stop: Stop);

        Assert.True(Loss(Path.Combine(run.RunFolder, "last"), null) < 0.9 * Loss(world.Model, null));
    }

    [Fact]
    public void Evaluate_Twice_GivesTheSameNumber()
    {
        Assert.Equal(Loss(world.Model, null), Loss(world.Model, null));
    }

    [Fact]
    public void Run_DroppedCaptions_NeedTheEmptyOneAndHaveIt()
    {
        var config = world.Run("dropped") with { Denoising = new DenoisingConfig { CaptionDropout = 1 } };

        var run = TrainJob.Run(config, stop: Stop);

        Assert.Equal(4, run.Result.Steps);
    }

    [Fact]
    public void Problems_SettingsOfPicturesForATextTask_AreNamed()
    {
        var config = world.Run("texts") with { Task = "svamp", Adapter = new AdapterConfig() };

        Assert.DoesNotContain(config.Problems(), problem => problem.StartsWith("denoising", StringComparison.Ordinal));
        Assert.Contains(
            (config with { Denoising = new DenoisingConfig { SnrGamma = 5 } }).Problems(),
            problem => problem.Contains("task 'svamp' has no use for them", StringComparison.Ordinal));
        Assert.Contains(
            (config with { Samples = new SamplesConfig { Prompts = ["red"] } }).Problems(),
            problem => problem.Contains("task 'svamp' has no use for them", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_APipelineForATextTask_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => PlanJob.Run(world.Run("svamp-run") with { Task = "image-classification" }));

        Assert.Contains("image-classification", error.Message, StringComparison.Ordinal);
    }

    private static (double Text, double UNet) Moved(RunConfig config)
    {
        var folder = Path.Combine(TrainJob.Run(config, stop: Stop).RunFolder, "last");
        using var session = ModelSession.Load(config.Model, folder);
        double Largest(string part) => session.Adapter!.TrainableParameters()
            .Where(one => one.Key.StartsWith(part, StringComparison.Ordinal) && one.Key.Contains("lora_B", StringComparison.Ordinal))
            .Max(one => one.Value.abs().max().item<float>());
        return (Largest("text_encoder."), Largest("unet."));
    }

    private string[] Cached() => Directory.Exists(world.Cache)
        ? [.. Directory.GetFiles(world.Cache, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];

    private double Loss(string model, string? adapter) => Evaluate(model, adapter).Loss.Loss;

    private EvaluationReport Evaluate(string model, string? adapter) => EvaluateJob.Run(
        new EvaluateOptions { Model = model, Adapter = adapter, Task = "text-to-image", Data = world.Data }, stop: Stop);

    private sealed class Notes(List<string> texts) : IProgress<RunEvent>
    {
        public void Report(RunEvent value)
        {
            if (value is Note note)
            {
                texts.Add(note.Text);
            }
        }
    }
}
