using ResLora.Adapters;
using ResLora.Adapters.Merging;
using Xunit;
using static ResLora.Tests.Adapters.BruteForce;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Merging;

/// <summary>Least squares and projection against loops over the activations that an observer of the test's own has seen.</summary>
public sealed class CalibratedMergeTests
{
    private const double Ridge = 1e-2;

    // Both sides solve in float64; what B sees is float32, whose rounding the solution multiplies by up to the square root of 1 / ridge.
    private const double Tolerance = 2e-5;
    private const double Rounding = 1e-6;   // float32 factors against doubles

    public static TheoryData<ShortcutKind, int, FirstBlock, double> Structures => new()
    {
        { ShortcutKind.Input, 1, FirstBlock.Doubled, 1 },
        { ShortcutKind.Input, 1, FirstBlock.Once, 1 },
        { ShortcutKind.Input, 1, FirstBlock.Doubled, 0.3 },
        { ShortcutKind.Middle, 1, FirstBlock.Doubled, 1 },
        { ShortcutKind.Middle, 2, FirstBlock.Doubled, 0.3 },
        { ShortcutKind.Middle, ShortcutConfig.AllPrevious, FirstBlock.Doubled, 1 },
    };

    [Theory]
    [MemberData(nameof(Structures))]
    public void Observe_Low_IsWhatEquations2And4PutBeforeB(ShortcutKind kind, int m, FirstBlock first, double weight)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(kind, m, first), weight, paddingId: 0);

        var seen = bench.Capture();

        Assert.All(bench.Adapted.Blocks, b =>
        {
            Assert.Equal(9 + 6 + 7 + 7 + 8 + 3, seen.Inputs(b.ModuleName).Count);
            Assert.True(RelativeDistance([.. seen.Targets(b.ModuleName)], [.. seen.Lows(b.ModuleName)]) < Rounding, b.ModuleName);
        });
    }

    [Theory]
    [MemberData(nameof(Structures))]
    public void Merge_LeastSquares_EqualsLoops(ShortcutKind kind, int m, FirstBlock first, double weight)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(kind, m, first), weight);
        var seen = bench.Capture();

        using var merged = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { Ridge = Ridge });

        Assert.Equal(bench.Adapted.Blocks.Select(b => b.ModuleName), merged.Blocks.Select(b => b.ModuleName));
        Assert.False(merged.IsExact);
        Assert.All(merged.Blocks.Where(b => !seen.IsHead(b.ModuleName)), block =>
        {
            var own = bench.Adapted[block.ModuleName];
            var x = seen.Inputs(block.ModuleName);
            var expected = LeastSquares(Rows(own.A), Outer(seen.Rest(block.ModuleName), x), Outer(x, x), Ridge);
            Assert.True(RelativeDistance(expected, Rows(block.Pair.A)) < Tolerance, block.ModuleName);
            Assert.True(TinyAdapters.Distance(own.A, block.Pair.A) > 0.01);
            Assert.Equal(0, TinyAdapters.Distance(own.B, block.Pair.B));
            Assert.Empty(block.Alphas);
        });
    }

    [Theory]
    [MemberData(nameof(Structures))]
    public void Merge_Projection_EqualsLoops(ShortcutKind kind, int m, FirstBlock first, double weight)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(kind, m, first), weight);
        var seen = bench.Capture();

        using var merged = bench.Merge(new MergeSettings(MergeMethod.Projection));

        Assert.All(merged.Blocks, block =>
        {
            var own = seen.Own(block.ModuleName);
            var alpha = own.Zip(seen.Rest(block.ModuleName), Dot).Sum() / own.Sum(Square);
            Assert.Equal(alpha, Assert.Single(block.Alphas), Tolerance);
            Assert.Equal(0, TinyAdapters.Distance(bench.Adapted[block.ModuleName].A, block.Pair.A));
            double[][] expected = [.. Rows(bench.Adapted[block.ModuleName].B).Select(row => row.Select(v => v * (1 + alpha)).ToArray())];
            Assert.True(RelativeDistance(expected, Rows(block.Pair.B)) < Tolerance, block.ModuleName);
        });
    }

    [Theory]
    [InlineData(ShortcutKind.Input, FirstBlock.Doubled, MergeMethod.LeastSquares, 2)]
    [InlineData(ShortcutKind.Input, FirstBlock.Once, MergeMethod.LeastSquares, 1)]
    [InlineData(ShortcutKind.Middle, FirstBlock.Doubled, MergeMethod.LeastSquares, 1)]
    [InlineData(ShortcutKind.Input, FirstBlock.Doubled, MergeMethod.Projection, 2)]
    [InlineData(ShortcutKind.Input, FirstBlock.Once, MergeMethod.Projection, 1)]
    [InlineData(ShortcutKind.Middle, FirstBlock.Doubled, MergeMethod.Projection, 1)]
    public void Merge_HeadOfAChain_IsExact(ShortcutKind kind, FirstBlock first, MergeMethod method, double factor)
    {
        using var scope = NewDisposeScope();
        using var bench = new CalibrationBench(CalibrationBench.Config(kind, 1, first));

        using var merged = bench.Merge(new MergeSettings(method));

        var heads = merged.Blocks.Where(b => b.ModuleName.Contains("layers.0.", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, heads.Length);
        // Twice a float32 is exact, so that nothing may be lost to a fit.
        Assert.All(heads, head => Assert.Equal(
            0, TinyAdapters.Distance(LoraMath.DeltaWeight(bench.Adapted[head.ModuleName].Pair) * factor, LoraMath.DeltaWeight(head.Pair))));
    }

    [Fact]
    public void Merge_DoubledHeadAtAWeight_IsOnePlusTheWeight()
    {
        using var scope = NewDisposeScope();
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input), weight: 0.25);

        using var merged = bench.Merge(new MergeSettings(MergeMethod.LeastSquares));
        using var projected = bench.Merge(new MergeSettings(MergeMethod.Projection));

        var own = bench.Adapted["model.layers.0.mlp.down_proj"].Pair;
        Assert.Equal(
            0, TinyAdapters.Distance(own.A * 1.25, merged.Blocks.Single(b => b.ModuleName == "model.layers.0.mlp.down_proj").Pair.A));
        Assert.Equal(
            0, TinyAdapters.Distance(own.B * 1.25, projected.Blocks.Single(b => b.ModuleName == "model.layers.0.mlp.down_proj").Pair.B));
    }

    [Theory]
    [InlineData(ShortcutKind.Input, 1)]
    [InlineData(ShortcutKind.Middle, 1)]
    [InlineData(ShortcutKind.Middle, 2)]
    [InlineData(ShortcutKind.Middle, ShortcutConfig.AllPrevious)]
    public void Merge_LeastSquares_BeatsEveryOtherMergeOfTheRank(ShortcutKind kind, int m)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(kind, m));
        bench.GatherStatistics();
        var seen = bench.Capture();

        // A theorem for every block by itself (up to the ridge): least squares finds the best of all matrices, before B and behind it.
        using var best = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { Ridge = 1e-9 });

        foreach (var method in (MergeMethod[])[MergeMethod.Projection, MergeMethod.Input, MergeMethod.Weights, MergeMethod.Dropped])
        {
            using var other = bench.Merge(new MergeSettings(method));
            Assert.All(best.Blocks.Zip(other.Blocks).Where(b => !seen.IsHead(b.First.ModuleName)), blocks =>
            {
                var (mine, theirs) = (ErrorBehindB(bench, seen, blocks.First), ErrorBehindB(bench, seen, blocks.Second));
                Assert.True(mine > 0 && mine < theirs, $"{method} {blocks.First.ModuleName}: {mine} and {theirs}");
            });
        }
    }

    [Theory]
    [InlineData(ShortcutKind.Input, 1)]
    [InlineData(ShortcutKind.Middle, 1)]
    [InlineData(ShortcutKind.Middle, 2)]
    [InlineData(ShortcutKind.Middle, ShortcutConfig.AllPrevious)]
    public void Merge_Projection_BeatsEveryOtherScaling(ShortcutKind kind, int m)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(kind, m));
        bench.GatherStatistics();
        var seen = bench.Capture();

        using var projected = bench.Merge(new MergeSettings(MergeMethod.Projection));
        using var byInputs = bench.Merge(new MergeSettings(MergeMethod.Input));

        // A theorem before B only: B may care more for some directions than for others.
        Assert.All(projected.Blocks.Zip(byInputs.Blocks).Where(b => !seen.IsHead(b.First.ModuleName)), blocks =>
        {
            var mine = ErrorBeforeB(seen, blocks.First);
            Assert.True(mine > 0 && mine < ErrorBeforeB(seen, blocks.Second), blocks.First.ModuleName);
            Assert.True(mine < ErrorBeforeB(seen, blocks.First with { Alphas = [0] }), blocks.First.ModuleName);
        });
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares, false)]
    [InlineData(MergeMethod.LeastSquares, true)]
    [InlineData(MergeMethod.Projection, false)]
    public void Merge_PaddingWithAMask_CountsForNothing(MergeMethod method, bool sequential)
    {
        using var scope = NewDisposeScope();
        using var first = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Middle, 2), paddingId: 0);
        using var second = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Middle, 2), paddingId: 17);
        using var third = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Middle, 2));
        var settings = new MergeSettings(method) { Sequential = sequential };

        using var expected = first.Merge(settings);
        using var actual = second.Merge(settings);
        using var unpadded = third.Merge(settings);

        AssertSame(expected, actual);
        // The tokens themselves count: with all of them it is another merge.
        Assert.All(expected.Blocks.Zip(unpadded.Blocks).Skip(6), pair =>
            Assert.True(TinyAdapters.Distance(LoraMath.DeltaWeight(pair.First.Pair), LoraMath.DeltaWeight(pair.Second.Pair)) > 1e-3));
    }

    [Fact]
    public void Merge_LeastSquaresWithPadding_EqualsLoopsOverTheTokens()
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input), paddingId: 0);
        var seen = bench.Capture();

        using var merged = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { Ridge = Ridge });

        var block = merged.Blocks.Single(b => b.ModuleName == "model.layers.2.self_attn.q_proj");
        var x = seen.Inputs(block.ModuleName);
        var expected = LeastSquares(Rows(bench.Adapted[block.ModuleName].A), Outer(seen.Rest(block.ModuleName), x), Outer(x, x), Ridge);
        Assert.True(RelativeDistance(expected, Rows(block.Pair.A)) < Tolerance);
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares, false)]
    [InlineData(MergeMethod.LeastSquares, true)]
    [InlineData(MergeMethod.Projection, false)]
    public void Merge_ChainBreak_StartsAgainWithAHead(MergeMethod method, bool sequential)
    {
        using var scope = NewDisposeScope();
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Input, targets: ["q_proj"]) with
        {
            Exclude = TargetModules.Suffixes("layers.1.self_attn.q_proj"),
        });

        using var merged = bench.Merge(new MergeSettings(method) { Sequential = sequential });

        string[] modules = ["model.layers.0.self_attn.q_proj", "model.layers.2.self_attn.q_proj", "model.layers.3.self_attn.q_proj"];
        Assert.Equal(modules, merged.Blocks.Select(b => b.ModuleName));
        double[] distances = [.. merged.Blocks.Select(
            b => TinyAdapters.Distance(LoraMath.DeltaWeight(bench.Adapted[b.ModuleName].Pair) * 2, LoraMath.DeltaWeight(b.Pair)))];
        Assert.True(distances[0] < Rounding);
        Assert.True(sequential || distances[1] == 0);   // behind a merged layer even a head is fitted to what it saw before
        Assert.True(distances[2] > 0.01);
    }

    [Theory]
    [InlineData(MergeMethod.LeastSquares, false)]
    [InlineData(MergeMethod.LeastSquares, true)]
    [InlineData(MergeMethod.Projection, false)]
    public void Merge_BFloat16Base_FactorsAreFloat32(MergeMethod method, bool sequential)
    {
        using var scope = NewDisposeScope();
        using var bench = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Middle, 2), dtype: ScalarType.BFloat16);
        using var whole = new CalibrationBench(CalibrationBench.Config(ShortcutKind.Middle, 2));

        using var merged = bench.Merge(new MergeSettings(method) { Sequential = sequential, Ridge = 0.1 });
        using var reference = whole.Merge(new MergeSettings(method) { Sequential = sequential, Ridge = 0.1 });

        Assert.All(merged.Blocks, b => Assert.Equal((float32, float32), (b.Pair.A.dtype, b.Pair.B.dtype)));
        // bfloat16 keeps 8 bits, which add up over four layers of wide random weights; the strong ridge keeps the solution from multiplying
        // them.
        Assert.All(merged.Blocks.Zip(reference.Blocks), b => Assert.True(
            TinyAdapters.Distance(LoraMath.DeltaWeight(b.First.Pair), LoraMath.DeltaWeight(b.Second.Pair)) < 0.1, b.First.ModuleName));
        using var applied = merged.Apply();
        Assert.All(bench.Hidden(), row => Assert.All(row, v => Assert.True(double.IsFinite(v))));
    }

    internal static void AssertSame(MergedAdapter expected, MergedAdapter actual) => Assert.All(expected.Blocks.Zip(actual.Blocks), pair =>
    {
        Assert.Equal(pair.First.ModuleName, pair.Second.ModuleName);
        Assert.Equal(0, TinyAdapters.Distance(pair.First.Pair.A, pair.Second.Pair.A));
        Assert.Equal(0, TinyAdapters.Distance(pair.First.Pair.B, pair.Second.Pair.B));
        Assert.Equal(pair.First.Alphas, pair.Second.Alphas);
    });

    /// <summary>Σ ‖B t − B* A* x‖² over the calibration tokens.</summary>
    private static double ErrorBehindB(CalibrationBench bench, Activations seen, MergedBlock block)
    {
        double[][] b = Rows(bench.Adapted[block.ModuleName].B), mergedA = Rows(block.Pair.A), mergedB = Rows(block.Pair.B);
        return seen.Targets(block.ModuleName).Zip(
            seen.Inputs(block.ModuleName), (t, x) => Square(Add(Apply(b, t), Apply(mergedB, Apply(mergedA, x)), -1))).Sum();
    }

    /// <summary>Σ ‖t − (1 + α) A x‖² over the calibration tokens.</summary>
    private static double ErrorBeforeB(Activations seen, MergedBlock block) =>
        seen.Targets(block.ModuleName).Zip(seen.Own(block.ModuleName), (t, own) => Square(Add(t, own, -(1 + block.Alphas[0])))).Sum();
}
