using ResLora.Adapters;
using ResLora.Tests.Models.Fused;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Loop;

/// <summary>Two runs in one process, of which each uses what the other does not: kernels, threads and random numbers.</summary>
public sealed class TwoRunsTests
{
    private const int Steps = 6;
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private static TrainConfig Fused { get; } =
        TrainingBench.Config with { Steps = Steps, DataType = "bfloat16", FusedKernels = true, Threads = 3, Seed = 1, EvaluateEvery = 2 };

    private static TrainConfig Eager { get; } = Fused with { FusedKernels = false, Threads = 2, Seed = 2, GradientCheckpointing = true };

    [Fact]
    public void Run_WithinAnother_BothGiveWhatEachGivesAlone()
    {
        KernelCheck.RequireSupport();
        float[]? eager = null;

        var fused = Weights(Fused, step =>
        {
            if (step == 3)
            {
                eager = Weights(Eager);
            }
        });

        Assert.Equal(Weights(Fused), fused);
        Assert.Equal(Weights(Eager), eager);
    }

    [Fact]
    public async Task Run_StepByStepInTurns_BothGiveWhatEachGivesAlone()
    {
        KernelCheck.RequireSupport();
        using SemaphoreSlim first = new(0), second = new(0);

        var fused = OnAThread(() => Weights(Fused, InTurns(first, second)));
        var eager = OnAThread(() => second.Wait(_patience) ? Weights(Eager, InTurns(second, first)) : []);

        await Task.WhenAll(fused, eager);
        Assert.Equal(Weights(Fused), await fused);
        Assert.Equal(Weights(Eager), await eager);
    }

    [Fact]
    public async Task Run_AtTheSameTime_BothGiveWhatEachGivesAlone()
    {
        KernelCheck.RequireSupport();

        var fused = OnAThread(() => Weights(Fused));
        var eager = OnAThread(() => Weights(Eager));

        await Task.WhenAll(fused, eager);
        Assert.Equal(Weights(Fused), await fused);
        Assert.Equal(Weights(Eager), await eager);
    }

    [Fact]
    public void Run_Ends_LeavesTheProcessAsItWas()
    {
        using var before = torch.random.get_rng_state();
        var threads = torch.get_num_threads();

        Weights(Eager with { Threads = threads + 1 });

        using var after = torch.random.get_rng_state();
        Assert.Equal(before.data<byte>().ToArray(), after.data<byte>().ToArray());
        Assert.Equal(threads, torch.get_num_threads());
    }

    private static float[] Weights(TrainConfig config, Action<int>? afterStep = null)
    {
        using var bench = new TrainingBench(
            ShortcutKind.Middle, dropout: 0.2, torch.ScalarType.BFloat16, model: FusedLlama.Create(torch.ScalarType.BFloat16));
        bench.Setup = bench.Setup with { Objective = new NextTokenObjective(bench.Model, 0, packing: true) };
        bench.OnEvent = value =>
        {
            if (value is StepDone step)
            {
                afterStep?.Invoke(step.Step);
            }
        };
        bench.Train(config);
        return bench.Weights();
    }

    /// <summary>Waits for its turn after a step, having given the other run its own; the last step waits for nobody.</summary>
    private static Action<int> InTurns(SemaphoreSlim mine, SemaphoreSlim other) => step =>
    {
        other.Release();
        if (step < Steps)
        {
            Assert.True(mine.Wait(_patience), "the other run does not go on");
        }
    };

    /// <summary>A thread of its own, which must have libtorch's usual number of threads when its run is over.</summary>
    private static Task<T> OnAThread<T>(Func<T> work)
    {
        var usual = torch.get_num_threads();
        return Task.Factory.StartNew(
            () =>
            {
                var result = work();
                Assert.Equal(usual, torch.get_num_threads());
                return result;
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
