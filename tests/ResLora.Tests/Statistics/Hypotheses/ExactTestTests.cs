using ResLora.Statistics.Hypotheses;
using Xunit;

namespace ResLora.Tests.Statistics.Hypotheses;

/// <summary>Values by SciPy 1.17 (wilcoxon with method "exact", binom), or counted by hand.</summary>
public sealed class ExactTestTests
{
    private const double Tolerance = 1e-9;

    [Fact]
    public void SignFlip_ThreePairs_CountsTheSigns()
    {
        // ±1 ±2 ±3: sums as far as 1 + 2 + 3 are 6 and −6, as far as −1 + 2 + 3 also 4 and −4, as far as 1 + 2 − 3 all.
        Assert.Equal(2.0 / 8, SignFlipTest.P([0, 0, 0], [1, 2, 3]), Tolerance);
        Assert.Equal(4.0 / 8, SignFlipTest.P([0, 0, 0], [-1, 2, 3]), Tolerance);
        Assert.Equal(1, SignFlipTest.P([0, 0, 0], [1, 2, -3]), Tolerance);
        Assert.Equal(1, SignFlipTest.P([5], [7]), Tolerance);
    }

    [Fact]
    public void SignFlip_SumsThatAreEqualButForRounding_CountAsEqual()
    {
        // 0.1 + 0.2 − 0.3 is 0 and 0.1 + 0.2 + 0 · 0.3 is not; in floating point the first is 5e-17, too.
        var p = SignFlipTest.P([0, 0, 0, 0], [0.1, 0.2, -0.3, 0]);

        Assert.Equal(1, p, Tolerance);
    }

    [Theory]
    [InlineData(new[] { 1.0, 2, 3, 4, 5, 6, 7 }, new[] { 2.0, 2, 5, 3, 7, 4, 9.5 }, 0.4375)]   // a difference of 0, ties
    [InlineData(new[] { 1.0, 2, 3 }, new[] { 1.0, 2, 3 }, 1)]
    [InlineData(new[] { 1.0, 2, 3 }, new[] { 2.0, 3, 4 }, 0.25)]
    [InlineData(new[] { 0.2, 1.5, -0.3, 2.2, 0.9, 1.1, -1.0, 0.4 }, new[] { 0.9, 1.4, 0.8, 2.9, 0.9, 2.0, -0.6, 1.9 }, 0.03125)]
    public void Wilcoxon_ZerosAndTies_EqualsSciPy(double[] first, double[] second, double p) =>
        Assert.Equal(p, WilcoxonTest.P(first, second), Tolerance);

    [Theory]
    [InlineData(900, 1100, 8.45708953550381e-06)]
    [InlineData(120, 380, 1.7195115052609832e-32)]
    [InlineData(1, 0, 1)]
    [InlineData(5, 5, 1)]
    [InlineData(0, 0, 1)]
    public void McNemar_UnevenSplits_EqualsSciPy(int onlyFirst, int onlySecond, double p)
    {
        bool[] first = [true, .. Enumerable.Repeat(true, onlyFirst), .. Enumerable.Repeat(false, onlySecond)];
        bool[] second = [true, .. Enumerable.Repeat(false, onlyFirst), .. Enumerable.Repeat(true, onlySecond)];

        var test = McNemarTest.Of(first, second);

        Assert.Equal((onlyFirst, onlySecond), (test.OnlyFirst, test.OnlySecond));
        Assert.Equal(1, test.P / p, Tolerance);
    }
}
