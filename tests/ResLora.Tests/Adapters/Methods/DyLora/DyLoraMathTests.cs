using ResLora.Adapters;
using ResLora.Adapters.Methods.DyLora;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.DyLora;

public sealed class DyLoraMathTests
{
    private const double Tolerance = 1e-5;   // float32, sums of at most five products
    private const double Alpha = 6;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Cut_EachRank_SumsItsRowsAndColumns(int rank)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor x = randn(2, 3, 5), a = randn(3, 5), b = randn(4, 3);

        var delta = LoraMath.Delta(x, DyLoraMath.Cut(new LoraPair(a, b, Alpha / 3), rank, Alpha));

        BruteForce.AssertEach(delta, Tolerance, (i, t, o) => Alpha / rank * Enumerable.Range(0, rank).Sum(r =>
            b[o, r].item<float>() * BruteForce.Down(a, r, d => BruteForce.Number(x, i, t, d))));
    }

    [Fact]
    public void Cut_Gradient_EqualsDifferencesAndStopsAtTheRank()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(4);
        var (x, a, b) = (GradientCheck.Leaf(2, 5), GradientCheck.Leaf(3, 5), GradientCheck.Leaf(4, 3));

        GradientCheck.Run(() => LoraMath.Delta(x, DyLoraMath.Cut(new LoraPair(a, b, 1), 2, Alpha)), x, a, b);

        Assert.Equal(0, a.grad![2].abs().max().item<double>());
        Assert.Equal(0, b.grad!.select(1, 2).abs().max().item<double>());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Cut_Frozen_IsTheSameButTrainsTheLastRowAndColumnAlone(int rank)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        var x = randn(2, 5);
        var (a, b) = (randn(4, 5).requires_grad_(true), randn(4, 4).requires_grad_(true));
        var whole = new LoraPair(a, b, 1);
        var free = LoraMath.Delta(x, DyLoraMath.Cut(whole, rank, Alpha));
        free.square().sum().backward();
        var (ofA, ofB) = (a.grad!.clone(), b.grad!.clone());
        (a.grad, b.grad) = (zeros_like(a), zeros_like(b));

        var frozen = LoraMath.Delta(x, DyLoraMath.Cut(whole, rank, Alpha, frozen: true));
        frozen.square().sum().backward();

        Assert.Equal(0, TinyAdapters.Distance(free, frozen));
        var (row, column) = (zeros_like(a), zeros_like(b));
        using (no_grad())
        {
            row[rank - 1] = ofA[rank - 1];
            column.narrow(1, rank - 1, 1).copy_(ofB.narrow(1, rank - 1, 1));
        }

        Assert.Equal(0, TinyAdapters.Distance(row, a.grad!));
        Assert.Equal(0, TinyAdapters.Distance(column, b.grad!));
        Assert.NotEqual(0, a.grad!.abs().max().item<float>());
    }

    [Fact]
    public void Draw_SameSeedAndStep_IsTheSameInEveryVersion()
    {
        var ranks = Enumerable.Range(0, 12).Select(step => DyLoraMath.Draw(42, step, 8, RankDistribution.Uniform));

        Assert.Equal([1, 2, 1, 6, 1, 4, 6, 4, 1, 4, 2, 8], ranks);
        Assert.NotEqual(ranks, Enumerable.Range(0, 12).Select(step => DyLoraMath.Draw(43, step, 8, RankDistribution.Uniform)));
    }

    [Theory]
    [InlineData(RankDistribution.Uniform, 1.0)]
    [InlineData(RankDistribution.Geometric, 0.85)]
    public void Draw_ManySteps_HasEachRankItsShare(RankDistribution distribution, double ratio)
    {
        const int steps = 40_000, rank = 5;
        var sum = Enumerable.Range(0, rank).Sum(b => Math.Pow(ratio, b));

        var counts = Enumerable.Range(0, steps).CountBy(
            step => DyLoraMath.Draw(-7, step, rank, distribution)).OrderBy(count => count.Key).ToArray();

        Assert.Equal(Enumerable.Range(1, rank), counts.Select(count => count.Key));
        // Four deviations of a share of a fifth.
        Assert.All(counts, count => Assert.Equal(Math.Pow(ratio, count.Key - 1) / sum, (double)count.Value / steps, 0.008));
    }

    [Theory]
    [InlineData(RankDistribution.Uniform)]
    [InlineData(RankDistribution.Geometric)]
    public void Draw_RankOne_IsOne(RankDistribution distribution) =>
        Assert.All(Enumerable.Range(0, 100), step => Assert.Equal(1, DyLoraMath.Draw(1, step, 1, distribution)));
}
