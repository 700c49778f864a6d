using ResLora.Adapters;
using ResLora.Training.Evaluation;
using ResLora.Training.Loop;
using ResLora.Training.Memory;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Memory;

public sealed class MemoryEstimateTests
{
    // D 16, F 24, V 24, 3 layers, 4 query heads of 4 and 2 key-value heads; rank 2 on q, v and down.
    private const int Width = 4;
    private const long ModelParameters = (2 * 24 * 16) + (3 * ((2 * 16 * 16) + (2 * 8 * 16) + (3 * 16 * 24) + 32)) + 16;
    private const long BlockParameters = 2 * 3 * (32 + 24 + 40);

    // Two norms with their inverse roots; query, key, value and output of attention with 4 sums; three of F.
    private const long Layer = (2 * ((16 * 4) + 4)) + (4 * 16 * Width) + (4 * 4) + (3 * 24 * Width);
    private const long Low = 3 * 2 * Width;
    private const long LastNorm = (16 * 4) + 4;
    private const long Passing = ((3 * 24) + (2 * 16)) * Width;

    private static readonly BatchShape[] _batch = [new(Rows: 2, Width: 10, Targets: 8)];

    [Theory]
    [InlineData(ShortcutKind.None, 0, (16 + 24) * Width)]   // the input that q and v share, and down's
    [InlineData(ShortcutKind.None, 0.5, 2 * (16 + 16 + 24) * Width)]   // dropout's factors and their products, for each block
    [InlineData(ShortcutKind.Input, 0, (16 + 16 + 24) * Width)]   // the sum of each block
    [InlineData(ShortcutKind.Middle, 0, (16 + 24) * Width)]
    public void Of_EveryLayerKept_AddsUpWhatAutogradKeeps(ShortcutKind shortcut, double dropout, long inputs)
    {
        using var bench = new TrainingBench(shortcut, dropout);

        var memory = Of(bench, new TrainConfig());

        Assert.Equal((3 * (Layer + Low + inputs) * 20) + (LastNorm * 20), memory.Activations);
        // Logits, their logarithms and a gradient are more than what passes through a layer.
        Assert.Equal(Math.Max(8 * 24 * 12, Passing * 20), memory.Passing);
        Assert.Equal(ModelParameters * 4, memory.BaseWeights);
        Assert.Equal(BlockParameters * 12, memory.Trained);
        Assert.Equal(memory.Trained + (BlockParameters * 4), Of(bench, new TrainConfig { Ema = 0.9 }).Trained);
        Assert.Equal(MemoryEstimate.Runtime + memory.BaseWeights + memory.Trained + memory.Activations + memory.Passing, memory.Total);
    }

    [Theory]
    [InlineData(ShortcutKind.None, 0)]
    [InlineData(ShortcutKind.Input, (16 + 24) * Width)]   // the input that q and v share, and down's
    [InlineData(ShortcutKind.Middle, 3 * 2 * Width)]
    public void Of_Checkpointed_KeepsInputsAndOneLayer(ShortcutKind shortcut, long carried)
    {
        using var bench = new TrainingBench(shortcut);
        var kept = Of(bench, new TrainConfig());

        var memory = Of(bench, new TrainConfig { GradientCheckpointing = true });

        // The first layer is counted like the others, though nothing is carried into it.
        Assert.Equal(((3 * ((16 * Width) + carried)) + LastNorm) * 20, memory.Activations);
        Assert.InRange(memory.Passing, Passing * 20, kept.Activations);
        Assert.True(memory.Total < kept.Total);
    }

    [Fact]
    public void Of_AMethodWithAStateAndMore_CountsBoth()
    {
        var adapter = new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes("q_proj", "v_proj", "down_proj") };
        using var plain = new TrainingBench(adapter: adapter);
        using var bench = new TrainingBench(adapter: adapter with { Method = "adalora" });

        var (without, memory) = (Of(plain, new TrainConfig()), Of(bench, new TrainConfig()));

        // Two singular values a block; sensitivity and uncertainty beside value and moments; P Λ of q, v and down.
        Assert.Equal((BlockParameters + (9 * 2)) * (12 + 8), memory.Trained);
        Assert.Equal(3 * 2 * (16 + 8 + 16) * Width, memory.Activations - without.Activations);
    }

    [Fact]
    public void Of_LargerTargets_CountLogits()
    {
        using var bench = new TrainingBench();

        var memory = MemoryEstimate.Of(
            bench.Model, bench.Adapter, new TrainConfig(), BaseMemory.Unmapped(bench.Model, float32), [new(
                Rows: 1, Width: 2, Targets: 1000), new(Rows: 1, Width: 3, Targets: 2)])!;

        Assert.Equal(1000 * 24 * 12, memory.Passing);
    }

    [Fact]
    public void Of_WholeModel_CountsGradientsInTheStep()
    {
        using var bench = new TrainingBench(shortcut: null);

        var accumulating = Of(bench, new TrainConfig { AccumulationSteps = 2 });
        var alone = MemoryEstimate.Of(bench.Model, null, new TrainConfig(), new BaseMemory(0, 0, Width), [])!;

        Assert.Equal(ModelParameters * 12, accumulating.Trained);
        Assert.Equal(ModelParameters * 16, Of(bench, new TrainConfig { AccumulationSteps = 2, Ema = 0.9 }).Trained);
        // Without a batch the peak is the optimizer's step: gradients, and one more tensor like the largest, [V, D].
        Assert.Equal((ModelParameters * 12, 24 * 16 * 4), (alone.Trained, alone.Passing));
    }

    [Fact]
    public void BatchShape_AnyCut_CoversTheSameSamples()
    {
        var samples = TinyModel.Samples(12);

        var whole = BatchShape.Of(samples, new TrainConfig { Steps = 3, BatchSize = 4, Packing = false }, predictsTokens: true);
        var cut = BatchShape.Of(
            samples, new TrainConfig { Steps = 3, BatchSize = 2, AccumulationSteps = 2, Packing = false }, predictsTokens: true);

        Assert.All(whole, shape => Assert.Equal(4, shape.Rows));
        Assert.All(cut, shape => Assert.Equal(2, shape.Rows));
        Assert.Equal(whole.Max(shape => shape.Width), cut.Max(shape => shape.Width));
        Assert.All(BatchShape.Of(samples, new TrainConfig { Steps = 3 }, predictsTokens: false), shape => Assert.Equal(0, shape.Targets));
    }

    [Fact]
    public void BatchShape_Packed_IsFilledUpToAUsualSize()
    {
        var samples = TinyModel.Samples(4);

        var shape = Assert.Single(BatchShape.Of(samples, new TrainConfig { Steps = 1, BatchSize = 4 }, predictsTokens: true));

        Assert.Equal(25, samples.Sum(sample => sample.Ids.Length));
        Assert.Equal(32, shape.Tokens);
        Assert.Equal(samples.Sum(TokenBatch.TrainedTokens), shape.Targets);
    }

    [Fact]
    public void Of_DataHalfNumbersAndFreedMemory_AreCounted()
    {
        using var bench = new TrainingBench();
        var weights = BaseMemory.Unmapped(bench.Model, float32);

        var none = MemoryEstimate.Of(bench.Model, bench.Adapter, new TrainConfig(), weights, _batch)!;
        var some = MemoryEstimate.Of(bench.Model, bench.Adapter, new TrainConfig(), weights, _batch, dataTokens: 1000)!;
        var inHalves = MemoryEstimate.Of(bench.Model, bench.Adapter, new TrainConfig(), new BaseMemory(0, 0, Width / 2), _batch)!;

        Assert.Equal(none.Total + 22_000, some.Total);
        Assert.Equal(MemoryEstimate.Runtime + MemoryEstimate.CompiledProducts, inHalves.Program);
        // What is kept of freed memory: two and a half times the pass, and a quarter of the program.
        Assert.Equal((5 * (none.Activations + none.Passing) / 2) + (none.Program / 4), none.TotalWithFreed - none.Total);
    }

    private static MemoryEstimate Of(TrainingBench bench, TrainConfig config) =>
        MemoryEstimate.Of(bench.Model, bench.Adapter, config, BaseMemory.Unmapped(bench.Model, float32), _batch)!;
}
