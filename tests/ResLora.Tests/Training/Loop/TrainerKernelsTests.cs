using ResLora.Adapters;
using ResLora.Tests.Models.Fused;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Loop;

/// <summary>Training by the kernels for bfloat16, and by libtorch's operations.</summary>
public sealed class TrainerKernelsTests
{
    // Both ways round to bfloat16 in other places, and libtorch's own lies up to 0.3 % beside float32 after these 100 steps.
    private const double LossTolerance = 0.01;

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_HundredSteps_LearnsAsMuchAsWithoutKernels(ShortcutKind shortcut)
    {
        KernelCheck.RequireSupport();
        using var eager = Bench(shortcut);
        using var fused = Bench(shortcut);
        // So slowly that the loss stays far from 0, where a rounding's share of it would grow without bound.
        var config = TrainingBench.Config with { Steps = 100, LearningRate = 0.001, DataType = "bfloat16" };

        var expected = eager.Train(config with { FusedKernels = false });
        var actual = fused.Train(config with { FusedKernels = true });

        Assert.NotEqual(expected.Losses[0].Loss, actual.Losses[0].Loss);   // another order of roundings, else no kernel was used
        Assert.True(expected.LastLoss < 0.8 * expected.Losses[0].Loss, $"{expected.Losses[0].Loss} -> {expected.LastLoss}");
        Assert.InRange(actual.LastLoss / expected.LastLoss, 1 - LossTolerance, 1 + LossTolerance);
        Assert.All(fused.Setup.Trainable, p => Assert.Equal(torch.float32, p.Value.dtype));
    }

    [Theory]
    [InlineData(ShortcutKind.None, false)]
    [InlineData(ShortcutKind.Block, false)]
    [InlineData(ShortcutKind.Middle, false)]
    [InlineData(ShortcutKind.None, true)]
    public void Run_TenStepsByKernels_KeepsNoTensorAlive(ShortcutKind shortcut, bool checkpointing)
    {
        KernelCheck.RequireSupport();
        using var bench = Bench(shortcut);
        var counts = new Dictionary<int, long>();
        bench.OnEvent = value =>
        {
            if (value is StepDone step)
            {
                counts[step.Step] = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            }
        };

        bench.Train(TrainingBench.Config with { Steps = 10, DataType = "bfloat16", GradientCheckpointing = checkpointing });

        Assert.Equal(counts[3], counts[10]);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Run_Switch_IsTheSettingsMeanwhileAndPutBack(bool before, bool setting)
    {
        using var bench = new TrainingBench();
        bench.Model.UsesFusedKernels = before;
        var seen = new List<bool>();
        bench.OnEvent = _ => seen.Add(bench.Model.UsesFusedKernels);

        bench.Train(TrainingBench.Config with { FusedKernels = setting });

        Assert.NotEmpty(seen);
        Assert.All(seen, value => Assert.Equal(setting, value));
        Assert.Equal(before, bench.Model.UsesFusedKernels);
    }

    [Fact]
    public void Run_Fails_PutsTheSwitchBackToo()
    {
        using var bench = new TrainingBench();
        bench.OnEvent = _ => throw new InvalidOperationException("a listener's mistake");

        Assert.Throws<InvalidOperationException>(() => bench.Train(TrainingBench.Config with { FusedKernels = false }));

        Assert.True(bench.Model.UsesFusedKernels);
    }

    [Fact]
    public void Run_OverflowInAFusedLayer_NamesTheLayer()
    {
        KernelCheck.RequireSupport();
        using var bench = Bench(ShortcutKind.None);
        using (torch.no_grad())
        {
            bench.Adapter!["model.layers.1.mlp.down_proj"].Site.Weight.fill_(3e38f);
        }

        var error = Assert.Throws<TrainingFailedException>(() => bench.Train(TrainingBench.Config with { DataType = "bfloat16" }));

        Assert.Equal((1, "the output of layer 1"), (error.Step, error.TensorName));
    }

    /// <summary>A bfloat16 model of which every kernel takes its part, on packed batches of counting sentences.</summary>
    private static TrainingBench Bench(ShortcutKind shortcut)
    {
        var bench = new TrainingBench(shortcut, dtype: torch.ScalarType.BFloat16, model: FusedLlama.Create(torch.ScalarType.BFloat16));
        bench.Setup = bench.Setup with { Objective = new NextTokenObjective(bench.Model, 0, packing: true) };
        return bench;
    }
}
