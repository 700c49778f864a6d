using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Models;
using ResLora.Training.Loop;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Loop;

/// <summary>Training whose shortcuts end at weight 0.</summary>
public sealed class AnnealingTests
{
    private const double Rounding = 1e-5;   // float32: W + s·BA is rounded once more than W x + s·B A x
    private static readonly TrainConfig _config = TrainingBench.Config with { Steps = 8, EvaluateEvery = 2 };

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_Annealed_EndsAsPlainLoraWhoseMergeIsExact(ShortcutKind shortcut)
    {
        using var scope = torch.NewDisposeScope();
        using var bench = new TrainingBench(shortcut, anneal: 0.5);
        bench.Setup = bench.Setup with { SaveModel = folder => AdapterStore.Save(bench.Adapter!, folder) };

        bench.Train(_config);

        Assert.Equal([1, 1, 1, 1, 0.5, 0, 0, 0], Weights(bench));
        Assert.Equal(0, bench.Adapter!.ShortcutWeight);
        using var fresh = TinyModel.Create();
        fresh.eval();
        var loaded = AdapterStore.Load(fresh, Path.Combine(bench.RunFolder, "last"));
        Assert.Equal((0, 0.5), (loaded.ShortcutWeight, loaded.Config.Shortcut.Anneal));
        fresh.BeginForward = mask => loaded.BeginPass(mask);
        var ids = TinyLlama.Ids(2, 6);
        var unmerged = TinyLlama.Logits(fresh, ids);
        using var merged = Merger.Merge(loaded, MergeMethod.Exact);
        using var applied = merged.Apply();
        Assert.All(merged.Blocks, b => Assert.Equal(2, b.Pair.A.shape[0]));
        Assert.All(merged.Blocks, b => Assert.True(b.Pair.B.abs().max().item<float>() > 0, b.ModuleName));
        Assert.True(TinyAdapters.Distance(unmerged, TinyLlama.Logits(fresh, ids)) <= Rounding * unmerged.abs().max().item<float>());
    }

    [Fact]
    public void Run_StoppedBeforeTheEnd_SavesTheWeightOfItsLastStep()
    {
        using var bench = new TrainingBench(ShortcutKind.Input, anneal: 0.5);
        bench.Setup = bench.Setup with { SaveModel = folder => AdapterStore.Save(bench.Adapter!, folder) };

        StopAfter(bench, 5, _config);

        using var fresh = TinyModel.Create();
        var loaded = AdapterStore.Load(fresh, Path.Combine(bench.RunFolder, "last"));
        Assert.Equal(0.5, loaded.ShortcutWeight);
        var error = Assert.Throws<ConfigException>(() => Merger.Merge(loaded, MergeMethod.Exact));
        Assert.Contains("at weight 0.5", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_NotAnnealed_SaysNothingOfAWeight(ShortcutKind shortcut)
    {
        using var bench = new TrainingBench(shortcut);

        bench.Train(_config);

        Assert.Empty(Weights(bench));
        Assert.Equal(1, bench.Adapter!.ShortcutWeight);
    }

    [Fact]
    public void Run_AnnealedAdapterTrainedWithoutAnnealing_StartsAtWeightOne()
    {
        using var bench = new TrainingBench(ShortcutKind.Input);
        bench.Adapter!.ShortcutWeight = 0;

        bench.Train(_config with { Steps = 1 });

        Assert.Equal(1, bench.Adapter.ShortcutWeight);
    }

    [Theory]
    [InlineData(ShortcutKind.Input, false)]
    [InlineData(ShortcutKind.Block, false)]
    [InlineData(ShortcutKind.Middle, false)]
    [InlineData(ShortcutKind.Input, true)]
    [InlineData(ShortcutKind.Block, true)]
    [InlineData(ShortcutKind.Middle, true)]
    public void Run_InterruptedAndResumed_EqualsAnUninterruptedRunBitForBit(ShortcutKind shortcut, bool checkpointing)
    {
        using var whole = new TrainingBench(shortcut, dropout: 0.2, anneal: 0.75);
        using var parts = new TrainingBench(shortcut, dropout: 0.2, anneal: 0.75);
        using var resumed = new TrainingBench(shortcut, dropout: 0.2, anneal: 0.75);
        resumed.Setup = resumed.Setup with { RunFolder = parts.RunFolder };
        var config = _config with { CheckpointEvery = 2, GradientCheckpointing = checkpointing };

        var expected = whole.Train(config);
        StopAfter(parts, 5, config);
        torch.random.manual_seed(99);
        var actual = resumed.Train(config, resume: true);

        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal((expected.BestMetric, expected.BestStep), (actual.BestMetric, actual.BestStep));
        Assert.Equal(whole.Weights(), resumed.Weights());
        Assert.Equal(Weights(whole), Weights(resumed));
        Assert.Equal(0, resumed.Adapter!.ShortcutWeight);
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_WithGradientCheckpointing_IsTheSameRun(ShortcutKind shortcut)
    {
        using var plain = new TrainingBench(shortcut, dropout: 0.2, anneal: 1);
        using var checkpointed = new TrainingBench(shortcut, dropout: 0.2, anneal: 1);

        var expected = plain.Train(_config);
        var actual = checkpointed.Train(_config with { GradientCheckpointing = true });

        Assert.All(expected.Losses.Zip(actual.Losses), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, Rounding));
    }

    [Fact]
    public void Run_InterruptedInAnEvaluation_MakesItWithTheWeightOfItsStep()
    {
        using var bench = new TrainingBench(ShortcutKind.Input, anneal: 1);
        using var resumed = new TrainingBench(ShortcutKind.Input, anneal: 1);
        resumed.Setup = resumed.Setup with { RunFolder = bench.RunFolder, ExtraMetrics = () => new Dictionary<string, double> { ["weight"] = resumed.Adapter!.ShortcutWeight } };
        using var stop = new CancellationTokenSource();
        var evaluations = 0;
        bench.Setup = bench.Setup with
        {
            ExtraMetrics = () =>
            {
                if (++evaluations == 3)
                {
                    stop.Cancel();
                    stop.Token.ThrowIfCancellationRequested();
                }

                return new Dictionary<string, double> { ["weight"] = bench.Adapter!.ShortcutWeight };
            },
        };

        var config = _config with { Steps = 16 };
        bench.Train(config, stop: stop.Token);
        resumed.Train(config, resume: true);

        // anneal 1, 16 steps: 7/8 in the first step, 0 from the eighth on; an evaluation every other step
        Assert.Equal([0.75, 0.5], bench.Events.OfType<EvaluationDone>().Select(e => e.Metrics["weight"]));
        Assert.Equal([0.25, 0, 0, 0, 0, 0], resumed.Events.OfType<EvaluationDone>().Select(e => e.Metrics["weight"]));
    }

    [Fact]
    public void Run_ResumedWithOtherAnnealing_IsRefusedByName()
    {
        using var bench = new TrainingBench(ShortcutKind.Input, anneal: 0.5);
        using var other = new TrainingBench(ShortcutKind.Input, anneal: 1);
        other.Setup = other.Setup with { RunFolder = bench.RunFolder };
        StopAfter(bench, 4, _config);

        var error = Assert.Throws<ConfigException>(() => other.Train(_config, resume: true));

        Assert.Contains("Anneal", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The weights in metrics.jsonl, a step each.</summary>
    private static IEnumerable<double> Weights(TrainingBench bench) => File.ReadLines(Path.Combine(bench.RunFolder, "metrics.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(line => line.TryGetProperty("shortcut_weight", out _))
        .OrderBy(line => line.GetProperty("step").GetInt32())
        .Select(line => line.GetProperty("shortcut_weight").GetDouble());

    private static void StopAfter(TrainingBench bench, int steps, TrainConfig config)
    {
        using var stop = new CancellationTokenSource();
        bench.OnEvent = e =>
        {
            if (e is StepDone done && done.Step == steps)
            {
                stop.Cancel();
            }
        };
        Assert.Equal(steps, bench.Train(config, stop: stop.Token).Steps);
    }
}
