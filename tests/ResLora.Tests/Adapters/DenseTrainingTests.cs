using ResLora.Adapters;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Tests.Training;
using ResLora.Training.Loop;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Adapters;

/// <summary>Training of updates of any rank, for every such method.</summary>
public sealed class DenseTrainingTests
{
    private const float Rounding = 1e-6f;   // float32 weights below 1 after a few steps; seen: 2e-9

    [Theory]
    [InlineData("loha", ShortcutKind.None)]
    [InlineData("loha", ShortcutKind.Input)]
    [InlineData("loha", ShortcutKind.Block)]
    [InlineData("lokr", ShortcutKind.None)]
    [InlineData("lokr", ShortcutKind.Input)]
    [InlineData("lokr", ShortcutKind.Block)]
    public void Run_EachShortcut_Learns(string method, ShortcutKind kind)
    {
        using var bench = Bench(method, kind);

        var result = bench.Train(TrainingBench.Config with { Steps = 60 });

        Assert.True(result.LastLoss < 0.8 * result.Losses[0].Loss, $"{result.Losses[0].Loss} -> {result.LastLoss}");
    }

    [Theory]
    [InlineData("loha", ShortcutKind.Input)]
    [InlineData("loha", ShortcutKind.Block)]
    [InlineData("lokr", ShortcutKind.Input)]
    [InlineData("lokr", ShortcutKind.Block)]
    public void Run_InterruptedAndResumed_EqualsAnUninterruptedRunBitForBit(string method, ShortcutKind kind)
    {
        var config = TrainingBench.Config with { Steps = 8, CheckpointEvery = 2, GradientCheckpointing = true };
        using var whole = Bench(method, kind);
        using var parts = Bench(method, kind);
        using var resumed = Bench(method, kind);
        resumed.Setup = resumed.Setup with { RunFolder = parts.RunFolder };
        using var stop = new CancellationTokenSource();
        parts.OnEvent = value =>
        {
            if (value is StepDone { Step: 5 })
            {
                stop.Cancel();
            }
        };

        var expected = whole.Train(config);
        var interrupted = parts.Train(config, stop: stop.Token);
        torch.random.manual_seed(99);
        var actual = resumed.Train(config, resume: true);

        Assert.Equal((5, true), (interrupted.Steps, interrupted.Interrupted));
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(whole.Weights(), resumed.Weights());
    }

    [Theory]
    [InlineData("loha", ShortcutKind.Input)]
    [InlineData("lokr", ShortcutKind.Block)]
    public void Run_Checkpointed_TakesTheSameSteps(string method, ShortcutKind kind)
    {
        using var kept = Bench(method, kind);
        using var checkpointed = Bench(method, kind);

        kept.Train(TrainingBench.Config);
        checkpointed.Train(TrainingBench.Config with { GradientCheckpointing = true });

        // A block's gradient is the sum over the layers that read it; computed again, the parts come in another order, which some processors'
        // products round otherwise.
        Assert.All(kept.Weights().Zip(checkpointed.Weights()), pair => Assert.Equal(pair.First, pair.Second, Rounding));
    }

    [Theory]
    [InlineData("loha")]
    [InlineData("lokr")]
    public void Run_OnABfloat16Base_Learns(string method)
    {
        using var bench = new TrainingBench(dtype: torch.ScalarType.BFloat16, adapter: Config(method, ShortcutKind.Input));

        var result = bench.Train(TrainingBench.Config with { Steps = 60 });

        Assert.True(result.LastLoss < 0.8 * result.Losses[0].Loss, $"{result.Losses[0].Loss} -> {result.LastLoss}");
    }

    private static TrainingBench Bench(string method, ShortcutKind kind) => new(adapter: Config(method, kind));

    private static AdapterConfig Config(string method, ShortcutKind kind) => new()
    {
        Method = method,
        Rank = 2,
        Targets = TargetModules.Suffixes("q_proj", "v_proj", "down_proj"),
        Shortcut = new ShortcutConfig { Kind = kind },
        Lokr = method == "lokr" ? new LokrSettings { DecomposeBoth = true, DecomposeFactor = 2 } : null,
    };
}
