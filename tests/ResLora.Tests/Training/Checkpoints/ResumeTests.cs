using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models.Fused;
using ResLora.Training.Loop;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Checkpoints;

public class ResumeTests
{
    private static readonly TrainConfig _config =
        TrainingBench.Config with { Steps = 8, CheckpointEvery = 2, EvaluateEvery = 2, GradientCheckpointing = true };

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    [InlineData(null)]
    public void Run_InterruptedAndResumed_EqualsAnUninterruptedRunBitForBit(ShortcutKind? shortcut)
    {
        using var whole = new TrainingBench(shortcut, dropout: 0.2);
        using var parts = new TrainingBench(shortcut, dropout: 0.2);
        using var resumed = new TrainingBench(shortcut, dropout: 0.2);
        resumed.Setup = resumed.Setup with { RunFolder = parts.RunFolder };

        var expected = whole.Train(_config);
        var interrupted = StopAfter(parts, 5, _config);
        torch.random.manual_seed(99);
        var actual = resumed.Train(_config, resume: true);

        Assert.True(interrupted.Interrupted);
        Assert.Equal(5, interrupted.Steps);
        Assert.False(actual.Interrupted);
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal((expected.BestMetric, expected.BestStep), (actual.BestMetric, actual.BestStep));
        Assert.Equal(whole.Weights(), resumed.Weights());
        Assert.Equal(whole.Adapter?.Statistics.InputNorms ?? Nothing, resumed.Adapter?.Statistics.InputNorms ?? Nothing);
        Assert.Equal(whole.Adapter?.Statistics.LowNorms ?? Nothing, resumed.Adapter?.Statistics.LowNorms ?? Nothing);
    }

    [Fact]
    public void Run_InterruptedInAnEvaluation_MakesItFirstWhenResumed()
    {
        using var bench = new TrainingBench();
        using var stop = new CancellationTokenSource();
        bench.Setup = bench.Setup with
        {
            ExtraMetrics = () =>
            {
                stop.Cancel();
                stop.Token.ThrowIfCancellationRequested();
                return new Dictionary<string, double>();
            },
        };

        var interrupted = bench.Train(_config with { CheckpointEvery = 0 }, stop: stop.Token);
        bench.Setup = bench.Setup with { ExtraMetrics = null };
        bench.Train(_config, resume: true);

        Assert.Equal((2, true), (interrupted.Steps, interrupted.Interrupted));
        Assert.Equal([2, 4, 6, 8], bench.Events.OfType<EvaluationDone>().Select(e => e.Step));
    }

    [Fact]
    public void Run_ResumedAfterLaterSteps_CutsTheirMetrics()
    {
        using var bench = new TrainingBench();
        var metrics = Path.Combine(bench.RunFolder, "metrics.jsonl");
        StopAfter(bench, 4, _config);
        File.AppendAllText(metrics, "{\"step\":5,\"loss\":1}\n{\"step\":6,\"lo");

        bench.Train(_config, resume: true);

        var lines = File.ReadAllLines(metrics);
        Assert.Equal(Enumerable.Range(1, 8), lines.Where(l => l.Contains("\"loss\"", StringComparison.Ordinal)).Select(StepOf));
        Assert.Equal([2, 4, 6, 8], lines.Where(l => l.Contains("\"eval_loss\"", StringComparison.Ordinal)).Select(StepOf));
    }

    [Fact]
    public void Run_ResumedAgainAfterALateEvaluation_LogsItOnce()
    {
        using var bench = new TrainingBench();
        var metrics = Path.Combine(bench.RunFolder, "metrics.jsonl");
        StopAfter(bench, 3, _config with { EvaluateEvery = 0 });
        // The checkpoint of step 3 knows of no evaluation; a run that went on from it made one and was killed.
        File.AppendAllText(metrics, "{\"step\":3,\"eval_loss\":1,\"eval_perplexity\":2}\n");

        bench.Train(_config with { EvaluateEvery = 3 }, resume: true);

        Assert.Equal(
            [3, 6, 8], File.ReadAllLines(metrics).Where(l => l.Contains("\"eval_loss\"", StringComparison.Ordinal)).Select(StepOf));
    }

    [Fact]
    public void Run_ResumedAfterLaterSteps_HasEveryTensorBoardPointOnce()
    {
        using var bench = new TrainingBench();
        bench.Train(_config);
        Directory.Delete(Path.Combine(bench.RunFolder, "checkpoints", "step-000008"), recursive: true);
        var cutOff = Directory.GetFiles(Path.Combine(bench.RunFolder, "tensorboard"))[0];
        File.WriteAllBytes(cutOff, File.ReadAllBytes(cutOff)[..^3]);

        bench.Train(_config, resume: true);

        var points = Directory.GetFiles(
            Path.Combine(bench.RunFolder, "tensorboard")).SelectMany(EventFile.Points).OrderBy(point => point.Step).ToArray();
        Assert.Equal(Enumerable.Range(1, 8), points.Where(p => p.Name == "loss").Select(p => p.Step));
        Assert.Equal([2, 4, 6, 8], points.Where(p => p.Name == "eval_loss").Select(p => p.Step));
        Assert.Equal(points.Distinct(), points);
    }

    [Fact]
    public void Run_ResumedOnAnotherBase_IsRefusedByNameAndChangesNothing()
    {
        using var bench = new TrainingBench();
        using var other = new TrainingBench(model: TinyModel.Create(seed: 8));
        StopAfter(bench, 2, _config);
        other.Setup = other.Setup with { RunFolder = bench.RunFolder, SaveSettings = () => Assert.Fail("written before it was checked") };
        var before = Everything(bench);

        var error = Assert.Throws<ConfigException>(() => other.Train(_config, resume: true));

        Assert.Contains("the base model's weights (", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Everything(bench));
    }

    [Fact]
    public void Run_ResumedFromOtherSources_IsRefusedByName()
    {
        using var bench = new TrainingBench();
        bench.Setup = bench.Setup with { Sources = new Dictionary<string, string> { ["the tokenizer's files"] = "1" } };
        StopAfter(bench, 2, _config);
        bench.Setup = bench.Setup with { Sources = new Dictionary<string, string> { ["the tokenizer's files"] = "2" } };

        var error = Assert.Throws<ConfigException>(() => bench.Train(_config, resume: true));

        Assert.Contains("the tokenizer's files (1 there, 2 here)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ResumedAndWorse_LeavesTheBestAlone()
    {
        using var bench = new TrainingBench();
        var accuracies = new Queue<double>([0.5, 0.9, 0.7, 0.6]);
        bench.Setup = bench.Setup with
        {
            Validation = [],
            ExtraMetrics = () => new Dictionary<string, double> { ["eval_accuracy"] = accuracies.Dequeue() },
        };
        var config = _config with { BestMetric = "eval_accuracy" };
        var best = Path.Combine(bench.RunFolder, "best", "weights.safetensors");
        StopAfter(bench, 4, config);
        var before = File.ReadAllBytes(best);

        var result = bench.Train(config, resume: true);

        Assert.Empty(accuracies);
        Assert.Equal((0.9, 4), (result.BestMetric, result.BestStep));
        Assert.Equal(before, File.ReadAllBytes(best));
        Assert.NotEqual(before, File.ReadAllBytes(Path.Combine(bench.RunFolder, "last", "weights.safetensors")));
    }

    [Fact]
    public void Run_ResumedWithMoreSteps_EqualsARunOfThatLengthWhereTheRateIsConstant()
    {
        var config = _config with { Schedule = ScheduleKind.Constant, WarmupRatio = 0.25, Steps = 5 };
        using var whole = new TrainingBench(dropout: 0.2);
        using var longer = new TrainingBench(dropout: 0.2);
        // A quarter of 5 steps, rounded up: the warm-up that the shorter run began with.
        var expected = whole.Train(config with { WarmupRatio = 0, WarmupSteps = 2, Steps = 9 });
        longer.Train(config);

        var once = longer.Train(config with { Steps = 7 }, resume: true);
        var twice = longer.Train(config with { Steps = 9 }, resume: true);

        Assert.Equal((7, 9), (once.Steps, twice.Steps));
        Assert.Equal(expected.Losses, twice.Losses);
        Assert.Equal(whole.Weights(), longer.Weights());
        Assert.Contains(
            longer.Events.OfType<Note>(), note => note.Text.Contains("was to have 5 steps and now has 7", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ScheduleKind.Cosine, 0, 9, "startFrom")]
    [InlineData(ScheduleKind.Linear, 0, 9, "startFrom")]
    [InlineData(ScheduleKind.Constant, 0.5, 9, "startFrom")]
    [InlineData(ScheduleKind.Constant, 0, 3, "has done 8 steps")]
    public void Run_ResumedWithOtherStepsWhereItsEndIsFixed_IsRefusedWithWhatToDo(
        ScheduleKind schedule, double anneal, int steps, string advice)
    {
        using var bench = new TrainingBench(ShortcutKind.Input, anneal: anneal);
        var config = _config with { Schedule = schedule };
        bench.Train(config);

        var error = Assert.Throws<ConfigException>(() => bench.Train(config with { Steps = steps }, resume: true));

        Assert.Contains($"number of steps (8 there, {steps} here)", error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_EndedWithoutCheckpoint_IsNotStartedAnew()
    {
        using var bench = new TrainingBench();
        var config = _config with { CheckpointEvery = 0 };
        bench.Train(config);
        var before = Everything(bench);

        var error = Assert.Throws<ConfigException>(() => bench.Train(config, resume: true));

        Assert.Contains("has ended", error.Message, StringComparison.Ordinal);
        Assert.Contains("startFrom", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Everything(bench));
    }

    [Fact]
    public void Run_EndedAndResumed_DoesNothingMore()
    {
        using var bench = new TrainingBench();
        bench.Train(_config);
        var last = File.ReadAllBytes(Path.Combine(bench.RunFolder, "last", "weights.safetensors"));
        bench.Events.Clear();

        var result = bench.Train(_config, resume: true);

        Assert.Equal(8, result.Steps);
        Assert.Empty(bench.Events.OfType<StepDone>());
        Assert.Equal(last, File.ReadAllBytes(Path.Combine(bench.RunFolder, "last", "weights.safetensors")));
    }

    [Fact]
    public void Run_ResumedWithoutCheckpoint_StartsFromTheBeginningAndSaysSo()
    {
        using var bench = new TrainingBench();
        Directory.CreateDirectory(bench.RunFolder);
        // killed before the first checkpoint
        File.WriteAllText(Path.Combine(bench.RunFolder, "metrics.jsonl"), "{\"step\":1,\"loss\":1}\n");

        var result = bench.Train(_config, resume: true);

        Assert.Equal(8, result.Steps);
        Assert.Contains("no checkpoint", Assert.IsType<Note>(bench.Events[0]).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ResumedWithOtherSettings_IsRefusedByName()
    {
        using var bench = new TrainingBench();
        StopAfter(bench, 2, _config);

        var error = Assert.Throws<ConfigException>(() => bench.Train(_config with { LearningRate = 0.5 }, resume: true));

        Assert.Contains("learningRate (0.01 there, 0.5 here)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ResumedWithOtherPackingAndKernels_IsRefusedByName()
    {
        using var bench = new TrainingBench();
        StopAfter(bench, 2, _config);

        var error = Assert.Throws<ConfigException>(() => bench.Train(_config with { Packing = false, FusedKernels = false }, resume: true));

        var kernels = FusedKernels.IsSupported ? "fusedKernels (True there, False here), " : "";
        Assert.Contains($": {kernels}packing (True there, False here)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_NotResumedInAFolderWithCheckpoints_IsRefused()
    {
        using var bench = new TrainingBench();
        StopAfter(bench, 2, _config);

        var error = Assert.Throws<ConfigException>(() => bench.Train(_config));

        Assert.Contains("step-000002", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ManyCheckpoints_KeepsTheNewestComplete()
    {
        using var bench = new TrainingBench();

        bench.Train(_config with { KeepCheckpoints = 2 });

        var folders = Directory.GetDirectories(Path.Combine(bench.RunFolder, "checkpoints")).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(["step-000006", "step-000008"], folders.Select(Path.GetFileName));
        Assert.All(folders, folder => Assert.Equal(
            [OutputMarker.FileName, "SHA256SUMS", "trainer.json", "trainer.safetensors", "weights.safetensors"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Run_NewestCheckpointIncomplete_ResumesFromTheOneBefore()
    {
        using var bench = new TrainingBench();
        StopAfter(bench, 4, _config);
        File.Delete(Path.Combine(bench.RunFolder, "checkpoints", "step-000004", "trainer.json"));

        bench.Train(_config, resume: true);

        Assert.Contains(bench.Events.OfType<Note>(), note => note.Text.Contains("from step 2", StringComparison.Ordinal));
    }

    private static Dictionary<string, IReadOnlyCollection<double>> Nothing => [];

    private static Dictionary<string, string> Everything(TrainingBench bench) => Directory
        .EnumerateFiles(bench.RunFolder, "*", SearchOption.AllDirectories)
        .ToDictionary(path => path, path => Convert.ToHexString(File.ReadAllBytes(path)));

    private static int StepOf(string line) => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt32();

    private static TrainResult StopAfter(TrainingBench bench, int steps, TrainConfig config)
    {
        using var stop = new CancellationTokenSource();
        bench.OnEvent = e =>
        {
            if (e is StepDone done && done.Step == steps)
            {
                stop.Cancel();
            }
        };
        var result = bench.Train(config, stop: stop.Token);
        bench.OnEvent = null;
        bench.Events.Clear();
        return result;
    }
}
