using ResLora.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static ResLora.Tests.Adapters.BruteForce;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>
/// The merges that are fitted to activations: <see cref="ResLoraMath.ProjectionAlpha"/> and <see cref="ResLoraMath.MergeLeastSquares"/>.
/// </summary>
public sealed class ResLoraMathFitTests
{
    private const double Tolerance = 1e-6;   // solved in float64, rounded to float32 once
    private const double Ridge = 1e-3;
    private const int Tokens = 20;
    private readonly Random _random = new(31);

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.9)]
    [InlineData(-1.5)]
    public void ProjectionAlpha_AnyAlignment_IsTheAlphaOfTheSmallestError(double alignment)
    {
        // r = alignment · A x + noise
        double[][] own = Draw(Tokens, 3);
        double[][] rest = [.. own.Zip(Draw(Tokens, 3), (o, noise) => Add(noise, o, alignment))];

        var alpha = Alpha(own, rest);

        double Error(double a) => own.Zip(rest, (o, r) => Square(Add(r, o, -a))).Sum();
        Assert.All([1e-3, -1e-3, 0.5, -0.5], step => Assert.True(Error(alpha + step) > Error(alpha)));
        Assert.Equal(alignment, alpha, 0.6);   // the noise is as large as A x: it moves α, but not far
    }

    [Fact]
    public void ProjectionAlpha_RandomActivations_IsNeverAboveTheRatioOfSizes()
    {
        for (var i = 0; i < 100; i++)
        {
            double[][] own = Draw(4, 3), rest = Draw(4, 3);

            Assert.True(Math.Abs(Alpha(own, rest)) < Math.Sqrt(rest.Sum(Square) / own.Sum(Square)));
        }
    }

    [Fact]
    public void ProjectionAlpha_ParallelActivations_IsTheRatioOfSizes()
    {
        var own = Draw(Tokens, 3);
        double[][] rest = [.. own.Select(o => o.Select(v => 0.7 * v).ToArray())];

        Assert.Equal(0.7, Alpha(own, rest), 1e-12);
    }

    [Fact]
    public void ProjectionAlpha_NothingOfItsOwn_IsZero() => Assert.Equal(0, ResLoraMath.ProjectionAlpha(dot: 0, square: 0));

    [Theory]
    [InlineData(1e-8)]
    [InlineData(1e-3)]
    [InlineData(1.0)]
    public void MergeLeastSquares_Moments_SolvesTheNormalEquations(double ridge)
    {
        using var scope = NewDisposeScope();
        var (x, rest) = (Draw(Tokens, 5), Draw(Tokens, 2));
        var (cross, moment) = (Outer(rest, x), Outer(x, x));
        random.manual_seed(32);
        var lora = new LoraPair(randn(2, 5), randn(4, 2), 1.5);

        var merged = ResLoraMath.MergeLeastSquares(lora, Matrix(cross), Matrix(moment), ridge);

        Assert.True(RelativeDistance(LeastSquares(Rows(lora.A), cross, moment, ridge), Rows(merged.A)) < Tolerance);
        Assert.Equal(0, TinyAdapters.Distance(lora.B, merged.B));
        Assert.NotEqual(lora.B.Handle, merged.B.Handle);
        Assert.Equal((float32, 1.5), (merged.A.dtype, merged.Scaling));
    }

    [Fact]
    public void MergeLeastSquares_AnyOtherMatrix_RaisesTheObjective()
    {
        using var scope = NewDisposeScope();
        var (x, rest) = (Draw(Tokens, 5), Draw(Tokens, 2));
        var moment = Outer(x, x);
        random.manual_seed(33);
        var lora = new LoraPair(randn(2, 5), randn(4, 2), 1.5);
        var own = Rows(lora.A);

        var best = Rows(ResLoraMath.MergeLeastSquares(lora, Matrix(Outer(rest, x)), Matrix(moment), Ridge).A);

        // Σ ‖A x + r − A' x‖² + λ ‖A' − A‖²
        var lambda = Ridge * Enumerable.Range(0, 5).Sum(i => moment[i][i]) / 5;
        double Objective(double[][] a) =>
            x.Zip(
                rest,
                (v, r) =>
                    Square(Add(Add(Apply(own, v), r), Apply(a, v), -1))).Sum() + lambda * a.Zip(own, (row, o) =>
                        Square(Add(row, o, -1))).Sum();
        Assert.True(Objective(best) < Objective(own));
        for (var i = 0; i < 50; i++)
        {
            double[][] other = [.. best.Zip(Draw(2, 5), (row, noise) => Add(row, noise, i % 2 == 0 ? 1e-2 : 1))];

            Assert.True(Objective(other) > Objective(best));
        }
    }

    [Fact]
    public void MergeLeastSquares_SmallRidgeAndARepresentableRest_FindsIt()
    {
        // Where r is K x for all tokens, A* is A + K.
        using var scope = NewDisposeScope();
        double[][] x = Draw(Tokens, 5), k = Draw(2, 5);
        double[][] rest = [.. x.Select(v => Apply(k, v))];
        var lora = new LoraPair(zeros(2, 5), ones(4, 2), 1);

        var merged = ResLoraMath.MergeLeastSquares(lora, Matrix(Outer(rest, x)), Matrix(Outer(x, x)), 1e-12);

        Assert.True(RelativeDistance(k, Rows(merged.A)) < Tolerance);
    }

    [Fact]
    public void MergeLeastSquares_FewerTokensThanInputs_IsFiniteByTheRidge()
    {
        using var scope = NewDisposeScope();
        var (x, rest) = (Draw(2, 5), Draw(2, 2));
        var lora = new LoraPair(zeros(2, 5), ones(4, 2), 1);

        var merged = ResLoraMath.MergeLeastSquares(lora, Matrix(Outer(rest, x)), Matrix(Outer(x, x)), Ridge);

        Assert.True(RelativeDistance(LeastSquares(Rows(lora.A), Outer(rest, x), Outer(x, x), Ridge), Rows(merged.A)) < Tolerance);
    }

    [Fact]
    public void MergeLeastSquares_Temporaries_AreFreedAndInputsKept()
    {
        using var scope = NewDisposeScope();
        var x = Draw(Tokens, 5);
        Tensor cross = Matrix(Outer(Draw(Tokens, 2), x)), moment = Matrix(Outer(x, x));
        var lora = new LoraPair(randn(2, 5), randn(4, 2), 1);

        var growth = LiveTensors.Growth(() => ResLoraMath.MergeLeastSquares(lora, cross, moment, Ridge));

        Assert.Equal(2, growth);
        Assert.False(cross.IsInvalid || moment.IsInvalid || lora.A.IsInvalid);
    }

    private static double Alpha(double[][] own, double[][] rest) =>
        ResLoraMath.ProjectionAlpha(own.Zip(rest, Dot).Sum(), own.Sum(Square));

    private static Tensor Matrix(double[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), rows.Length, rows[0].Length);

    private double[][] Draw(int rows, int columns) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => _random.NextDouble() * 2 - 1).ToArray())];
}
