using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Loop;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Checkpoints;

public class ResumeTests
{
    private static readonly TrainConfig _config = TrainingBench.Config with { Steps = 8, CheckpointEvery = 2, EvaluateEvery = 2, GradientCheckpointing = true };

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
    public void Run_ResumedWithoutCheckpoint_StartsFromTheBeginningAndSaysSo()
    {
        using var bench = new TrainingBench();

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

        Assert.Contains("fusedKernels (True there, False here), packing (True there, False here)", error.Message, StringComparison.Ordinal);
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
            [OutputMarker.FileName, "trainer.json", "trainer.safetensors", "weights.safetensors"], Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)));
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
