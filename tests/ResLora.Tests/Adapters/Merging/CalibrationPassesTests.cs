using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Merging;

/// <summary>How a calibrated merge goes over its texts: memory, passes, early ends, refusals and failures.</summary>
public sealed class CalibrationPassesTests
{
    // Bytes of S and C by hand, 8 · Din · (Din + ΣR), for the tiny model's widths 16 and 24 and rank 3.
    private const long QueryKeyValue = 8 * 16 * (16 + 9);
    private const long Output = 8 * 16 * (16 + 3);
    private const long GateUp = 8 * 16 * (16 + 6);
    private const long Down = 8 * 24 * (24 + 3);
    private const long SolvingDown = 2 * 8 * 24 * 24;   // two more matrices
    private static readonly string[] _all = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    [Fact]
    public void Merge_BlocksThatReadOneInput_ShareItsMoment()
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input, targets: _all));
        var progress = new Recorder();

        using var merged = bench.Merge(new MergeSettings(MergeMethod.LeastSquares), progress);

        // One pass for all; layer 0 holds heads only, which nothing is gathered for.
        const long bytes = 3 * (QueryKeyValue + Output + GateUp + Down);
        Assert.Equal([.. Enumerable.Range(1, 3).Select(batch => new CalibrationProgress(1, 1, batch, 3, bytes))], progress.Reports);
    }

    [Fact]
    public void Merge_Sequential_GoesGroupAfterGroupInTheOrderOfExecution()
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input, targets: _all));
        var progress = new Recorder();

        using var merged = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { Sequential = true }, progress);

        Assert.Equal(
            Enumerable.Range(1, 17).SelectMany(pass => Enumerable.Repeat((pass, 17), 3)), progress.Reports.Select(r => (r.Pass, r.Passes)));
        // Before the groups come the targets of all 28 blocks: 2 texts of 9, 7 and 8 tokens, 3 float32 each.
        Assert.Equal([2 * 9 * 28 * 12, 2 * 16 * 28 * 12, 2 * 24 * 28 * 12], progress.Reports.Take(3).Select(r => r.Bytes));
        Assert.Equal(
            Enumerable.Repeat(
                (long[])[QueryKeyValue, Output, GateUp, Down],
                4).SelectMany(b => b), progress.Reports.Skip(3).Where(r => r.Batch == 1).Select(r => r.Bytes));
    }

    [Fact]
    public void Merge_LittleMemory_TakesSeveralPassesForTheSameResult()
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Middle, 2, targets: _all));
        using var expected = bench.Merge(new MergeSettings(MergeMethod.LeastSquares));
        var progress = new Recorder();
        const long memory = Down + SolvingDown;

        using var actual = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { CalibrationMemory = memory }, progress);

        CalibratedMergeTests.AssertSame(expected, actual);
        Assert.Equal(6, progress.Reports[0].Passes);   // in each of three layers, down_proj fits beside nothing
        Assert.Equal(
            Enumerable.Range(1, 6).SelectMany(pass => Enumerable.Range(1, 3).Select(batch => (pass, 6, batch, 3))),
            progress.Reports.Select(r => (r.Pass, r.Passes, r.Batch, r.Batches)));
        Assert.All(progress.Reports, r => Assert.InRange(r.Bytes, 1, memory));
    }

    [Theory]
    [InlineData(false, "model.layers.1.mlp.down_proj")]
    [InlineData(true, "model.layers.0.mlp.down_proj")]
    public void Merge_TooLittleMemoryForOneGroup_SaysWhatToDo(bool sequential, string module)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input));
        var settings = new MergeSettings(MergeMethod.LeastSquares) { Sequential = sequential, CalibrationMemory = Down + SolvingDown - 1 };

        var error = Assert.Throws<ConfigException>(() => bench.Merge(settings));

        Assert.Contains($"'{module}' (24 inputs)", error.Message, StringComparison.Ordinal);
        Assert.Contains("--calibration-memory", error.Message, StringComparison.Ordinal);
        Assert.Contains("projection", error.Message, StringComparison.Ordinal);
        bench.Merge(settings with { CalibrationMemory = Down + SolvingDown }).Dispose();
        bench.Merge(new MergeSettings(MergeMethod.Projection) { CalibrationMemory = 1 }).Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Merge_BatchesThatEndEarly_LoseNothing(bool sequential)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input, targets: ["q_proj"]));
        // One block a pass.
        var settings =
            new MergeSettings(MergeMethod.LeastSquares) { Sequential = sequential, CalibrationMemory = Output + (2 * 8 * 16 * 16) };
        using var expected = bench.Merge(settings);
        var computed = new List<int>();
        CalibrationBatch[] batches = [.. bench.Batches.Select(batch => (CalibrationBatch)(isDone =>
        {
            Assert.False(isDone(), "Nothing of this batch has been seen.");
            computed.Add(0);
            bench.Model.RunLayer = (layer, inputs) =>
            {
                if (isDone())
                {
                    return inputs[0].alias();
                }

                computed[^1]++;
                return layer(inputs);
            };
            batch(isDone);
            bench.Model.RunLayer = null;
        }))];

        using var actual = Merger.Merge(bench.Adapted, settings, batches);

        CalibratedMergeTests.AssertSame(expected, actual);
        // All four layers to find the groups (and the targets), then up to the layer whose block is wanted.
        int[] layers = sequential ? [4, 4, 4, 4, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4] : [4, 2, 2, 2, 3, 3, 3, 4, 4, 4];
        Assert.Equal(layers, computed);
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares, false)]
    [InlineData(MergeMethod.LeastSquares, true)]
    [InlineData(MergeMethod.Projection, false)]
    public void Merge_BatchOfSeveralPasses_CountsAll(MergeMethod method, bool sequential)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input));
        var settings = new MergeSettings(method) { Sequential = sequential };
        using var expected = bench.Merge(settings);

        using var actual = Merger.Merge(bench.Adapted, settings, [isDone => bench.Batches.ToList().ForEach(batch => batch(isDone))]);

        CalibratedMergeTests.AssertSame(expected, actual);
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares, false)]
    [InlineData(MergeMethod.LeastSquares, true)]
    [InlineData(MergeMethod.Projection, false)]
    public void Merge_HeadThatBatchesNeverReach_IsMergedToo(MergeMethod method, bool sequential)
    {
        using var scope = NewDisposeScope();
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input, targets: ["q_proj", "lm_head"]));

        using var merged = bench.Merge(new MergeSettings(method) { Sequential = sequential });

        var head = merged.Blocks.Single(b => b.ModuleName == "lm_head").Pair;
        Assert.Equal(0, TinyAdapters.Distance(LoraMath.DeltaWeight(bench.Adapted["lm_head"].Pair) * 2, LoraMath.DeltaWeight(head)));
    }

    [Fact]
    public void Merge_BlockThatBatchesNeverReach_IsNamed()
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input));
        var layer = 0;
        bench.Model.RunLayer = (body, inputs) => layer++ % 4 < 2 ? body(inputs) : inputs[0].alias();

        var error = Assert.Throws<ConfigException>(() => bench.Merge(new MergeSettings(MergeMethod.Projection)));

        Assert.Contains("'model.layers.2.self_attn.q_proj'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares)]
    [InlineData(MergeMethod.Projection)]
    public void Merge_NoTexts_IsRefused(MergeMethod method)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Middle));

        var error = Assert.Throws<ConfigException>(() => Merger.Merge(bench.Adapted, method));

        Assert.Contains($"'{MergeMethods.Name(method)}' needs calibration texts", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MergeMethod.Projection, true, 1e-4, 1024, "sequential goes with least-squares only, not with projection")]
    [InlineData(MergeMethod.Dropped, true, 1e-4, 1024, "not with dropped")]
    [InlineData(MergeMethod.LeastSquares, false, 0.0, 1024, "ridge is 0")]
    [InlineData(MergeMethod.LeastSquares, false, -1.0, 1024, "ridge is -1")]
    [InlineData(MergeMethod.LeastSquares, false, double.NaN, 1024, "ridge is NaN")]
    [InlineData(MergeMethod.LeastSquares, false, double.PositiveInfinity, 1024, "ridge is")]
    [InlineData(MergeMethod.LeastSquares, false, 1e-4, 0, "calibration memory is 0 bytes")]
    public void Merge_ImpossibleSettings_AreNamed(MergeMethod method, bool sequential, double ridge, long memory, string part)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input));

        var error = Assert.Throws<ConfigException>(() =>
            bench.Merge(new MergeSettings(method) { Sequential = sequential, Ridge = ridge, CalibrationMemory = memory }));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_Defaults_AreNone() => Assert.Empty(new MergeSettings(MergeMethod.LeastSquares) { Sequential = true }.Problems());

    [Theory]
    [InlineData(ShortcutKind.Block, MergeMethod.LeastSquares)]
    [InlineData(ShortcutKind.None, MergeMethod.Projection)]
    public void Merge_StructureWithoutSuchAMerge_IsRefused(ShortcutKind kind, MergeMethod method)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(kind));

        var error = Assert.Throws<ConfigException>(() => bench.Merge(new MergeSettings(method)));

        Assert.Contains("use exact", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Merge_RidgeTooSmallForTheTexts_SaysWhatToDo()
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input));
        using var ids = TinyLlama.Ids(1, 2);

        var error = Assert.Throws<ConfigException>(() =>
            Merger.Merge(
                bench.Adapted, new MergeSettings(MergeMethod.LeastSquares) { Ridge = 1e-300 }, [_ => bench.Model.Hidden(ids).Dispose()]));

        Assert.Contains("'model.layers.1.", error.Message, StringComparison.Ordinal);
        Assert.Contains("raise the ridge", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Merge_PaddingOnly_SaysWhatToDo()
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input));
        using Tensor ids = TinyLlama.Ids(1, 4), mask = zeros_like(ids);

        var error = Assert.Throws<ConfigException>(() =>
            Merger.Merge(bench.Adapted, new MergeSettings(MergeMethod.LeastSquares), [_ => bench.Model.Hidden(ids, mask).Dispose()]));

        Assert.Contains("padding only", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares)]
    [InlineData(MergeMethod.Projection)]
    public void Merge_ActivationsThatAreNotFinite_AreNamed(MergeMethod method)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input));
        using (no_grad())
        {
            bench.Adapted["model.layers.1.self_attn.q_proj"].A[0, 0] = float.PositiveInfinity;
        }

        var error = Assert.Throws<ConfigException>(() => bench.Merge(new MergeSettings(method)));

        Assert.Contains("'model.layers.1.self_attn.q_proj'", error.Message, StringComparison.Ordinal);
        Assert.Contains("not finite", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares, false, 2)]
    [InlineData(MergeMethod.LeastSquares, true, 8)]
    [InlineData(MergeMethod.Projection, false, 2)]
    public void Merge_BatchThatThrows_LeavesTheModelAsItWas(MergeMethod method, bool sequential, int failing)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input));
        var (weights, hidden) = (bench.BaseWeights(), bench.Hidden());
        var runs = 0;
        var mergedInPart = false;
        CalibrationBatch[] batches = [.. bench.Batches.Select(batch => (CalibrationBatch)(isDone =>
        {
            batch(isDone);
            if (++runs == failing)
            {
                mergedInPart = bench.Model.named_modules().Count(n => n.module is AdapterBlock) < bench.Adapted.Blocks.Count;
                throw new InvalidDataException("The text cannot be read.");
            }
        }))];

        var growth = LiveTensors.Growth(() => Assert.Throws<InvalidDataException>(() =>
            Merger.Merge(bench.Adapted, new MergeSettings(method) { Sequential = sequential }, batches)));

        Assert.Equal(sequential, mergedInPart);
        Assert.Equal(0, growth);
        Assert.All(bench.Adapted.Blocks, b => Assert.Same(b, bench.Model.named_modules().Single(n => n.name == b.ModuleName).module));
        Assert.Equal(weights, bench.BaseWeights());
        Assert.Equal(hidden, bench.Hidden());
        bench.Capture();   // throws if somebody still observes
        bench.Merge(new MergeSettings(method) { Sequential = sequential }).Dispose();
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares, false)]
    [InlineData(MergeMethod.LeastSquares, true)]
    [InlineData(MergeMethod.Projection, false)]
    [InlineData(MergeMethod.Input, false)]
    [InlineData(MergeMethod.Weights, false)]
    [InlineData(MergeMethod.Dropped, false)]
    public void Merge_Disposed_LeavesNoTensorAlive(MergeMethod method, bool sequential)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Middle, 2), paddingId: 0);
        bench.GatherStatistics();

        var growth = LiveTensors.Growth(() =>
        {
            using var merged = bench.Merge(new MergeSettings(method) { Sequential = sequential });
            using var applied = merged.Apply();
        });

        Assert.Equal(0, growth);
    }

    [Fact]
    public void Observe_Twice_IsRefusedUntilTheFirstEnds()
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input));
        var observer = new Activations(bench.Adapted);

        using (bench.Adapted.Observe(observer))
        {
            Assert.Throws<InvalidOperationException>(() => bench.Adapted.Observe(observer));
        }

        bench.Adapted.Observe(observer).Dispose();
    }

    /// <summary>Unlike Progress&lt;T&gt;, on the caller's thread and in order.</summary>
    private sealed class Recorder : IProgress<CalibrationProgress>
    {
        public List<CalibrationProgress> Reports { get; } = [];

        public void Report(CalibrationProgress value) => Reports.Add(value);
    }
}
