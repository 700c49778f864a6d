using ResLora.Adapters;
using ResLora.Adapters.Merging;
using Xunit;
using static ResLora.Tests.Adapters.BruteForce;

namespace ResLora.Tests.Adapters.Merging;

/// <summary>
/// Least squares layer by layer: every block is fitted to what it saw in the unmerged model, from what it sees in the merged one.
/// </summary>
public sealed class SequentialMergeTests
{
    private const double Ridge = 1e-2;

    // As in CalibratedMergeTests, with rounding of the layers that are merged before.
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData(ShortcutKind.Input, 1)]
    [InlineData(ShortcutKind.Middle, 1)]
    [InlineData(ShortcutKind.Middle, ShortcutConfig.AllPrevious)]
    public void Merge_FirstLayers_EqualThoseOfTheWholeMerge(ShortcutKind kind, int m)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(kind, m));

        using var whole = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { Ridge = Ridge });
        using var sequential = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { Ridge = Ridge, Sequential = true });

        // Layer 0 is heads, which lose nothing: up to q and v of layer 1 both merges see the same inputs. From there on they differ.
        Assert.All(whole.Blocks.Zip(sequential.Blocks), blocks =>
        {
            var distance = RelativeDistance(Rows(blocks.First.Pair.A), Rows(blocks.Second.Pair.A));
            var same = blocks.First.ModuleName.Contains("layers.0.", StringComparison.Ordinal)
                || blocks.First.ModuleName.StartsWith("model.layers.1.self_attn", StringComparison.Ordinal);
            Assert.True(same ? distance < Tolerance : distance > 1e-3, $"{blocks.First.ModuleName}: {distance}");
            Assert.Equal(blocks.First.ModuleName, blocks.Second.ModuleName);
        });
    }

    [Theory]
    [InlineData(ShortcutKind.Input, 1, "model.layers.1.mlp.down_proj")]
    [InlineData(ShortcutKind.Input, 1, "model.layers.3.self_attn.v_proj")]
    [InlineData(ShortcutKind.Middle, 2, "model.layers.2.self_attn.q_proj")]
    [InlineData(ShortcutKind.Middle, 2, "model.layers.3.mlp.down_proj")]
    public void Merge_LaterBlock_IsFittedBehindTheMergedLayers(ShortcutKind kind, int m, string module)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(kind, m), paddingId: 0);
        var targets = bench.Capture().Targets(module);

        using var merged = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { Ridge = Ridge, Sequential = true });

        // Everything that is computed before the block, in its merged form; what the block sees there by the test's own observer.
        var group = module.EndsWith("down_proj", StringComparison.Ordinal) ? 3 : 0;
        var before = merged.Blocks.Where(
            b => Order(b.ModuleName) < (4 * int.Parse(module.Split('.')[2], System.Globalization.CultureInfo.InvariantCulture)) + group);
        IReadOnlyList<double[]> x;
        using (new MergedAdapter(bench.Adapted, MergeMethod.LeastSquares, [.. before]).Apply())
        {
            x = bench.Capture().Inputs(module);
        }

        var a = Rows(bench.Adapted[module].A);
        double[][] rest = [.. targets.Zip(x, (t, input) => Add(t, Apply(a, input), -1))];
        var expected = LeastSquares(a, Outer(rest, x), Outer(x, x), Ridge);
        Assert.True(RelativeDistance(expected, Rows(merged.Blocks.Single(b => b.ModuleName == module).Pair.A)) < Tolerance);
    }

    [Fact]
    public void Merge_HeadBehindMergedLayers_MakesUpForThem()
    {
        // A doubled head counts its own input twice; behind merged layers it is fitted to what it saw before.
        var config = CalibrationBench.Config(
            ShortcutKind.Input, targets: ["q_proj", "v_proj"]) with
        { Exclude = TargetModules.Matching(@".*\.[01]\.self_attn\.v_proj") };
        using var bench = new CalibrationBench(config);
        const string Module = "model.layers.2.self_attn.v_proj";
        var targets = bench.Capture().Targets(Module);

        using var merged = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { Ridge = Ridge, Sequential = true });

        IReadOnlyList<double[]> x;
        using (new MergedAdapter(bench.Adapted, MergeMethod.LeastSquares, [.. merged.Blocks.Where(b => Order(b.ModuleName) < 8)]).Apply())
        {
            x = bench.Capture().Inputs(Module);
        }

        double[][] twice = [.. Rows(bench.Adapted[Module].A).Select(row => row.Select(v => 2 * v).ToArray())];
        double[][] rest = [.. targets.Zip(x, (t, input) => Add(t, Apply(twice, input), -1))];
        var expected = LeastSquares(twice, Outer(rest, x), Outer(x, x), Ridge);
        Assert.True(RelativeDistance(expected, Rows(merged.Blocks.Single(b => b.ModuleName == Module).Pair.A)) < Tolerance);
        Assert.True(RelativeDistance(twice, expected) > 1e-3);
    }

    [Theory]
    [InlineData(ShortcutKind.Input, 1)]
    [InlineData(ShortcutKind.Middle, 2)]
    public void Merge_Always_LeavesTheModelAsItWas(ShortcutKind kind, int m)
    {
        using var bench = new CalibrationBench(CalibrationBench.Config(kind, m));
        var (weights, hidden) = (bench.BaseWeights(), bench.Hidden());

        using var whole = bench.Merge(new MergeSettings(MergeMethod.LeastSquares));
        using var sequential = bench.Merge(new MergeSettings(MergeMethod.LeastSquares) { Sequential = true });

        Assert.All(bench.Adapted.Blocks, b => Assert.Same(b, bench.Model.named_modules().Single(n => n.name == b.ModuleName).module));
        Assert.Equal(weights, bench.BaseWeights());
        Assert.Equal(hidden, bench.Hidden());
        // Which of the two ends nearer to the unmerged model is no theorem: each block is the best for itself only.
        foreach (var merged in (MergedAdapter[])[whole, sequential])
        {
            using var applied = merged.Apply();
            var error = hidden.Zip(bench.Hidden(), (h, g) => Square(Add(h, g, -1))).Sum();
            Assert.True(error > 0 && double.IsFinite(error));
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{kind} {m}, {(merged == whole ? "whole" : "sequential")}: relative error {Math.Sqrt(error / hidden.Sum(Square)):G4}");
        }
    }

    /// <summary>Where a block stands among its model's groups: q, k, v; o; gate, up; down of every layer.</summary>
    private static int Order(string module)
    {
        var parts = module.Split('.');
        var place = parts[^1] switch { "o_proj" => 1, "gate_proj" or "up_proj" => 2, "down_proj" => 3, _ => 0 };
        return (4 * int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture)) + place;
    }
}
