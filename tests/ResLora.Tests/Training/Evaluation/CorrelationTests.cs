using ResLora.Training.Evaluation;
using Xunit;

namespace ResLora.Tests.Training.Evaluation;

/// <summary>Values worked out by hand; the undefined cases are those of SciPy.</summary>
public sealed class CorrelationTests
{
    // Few operations on small whole numbers: only the last bits may differ.
    private const double Tolerance = 1e-12;

    [Fact]
    public void Pearson_HandComputed_MatchesTheFormula()
    {
        double[] x = [1, 2, 3, 4];
        double[] y = [2, 1, 4, 5];

        // Means 2.5 and 3; deviations (-1.5, -0.5, 0.5, 1.5) and (-1, -2, 1, 2):
        // 1.5 + 1 + 0.5 + 3 = 6; squares 5 and 10.
        Assert.Equal(6 / Math.Sqrt(50), Correlation.Pearson(x, y), Tolerance);
        Assert.Equal(-6 / Math.Sqrt(50), Correlation.Pearson(x, [.. y.Select(v => (-3 * v) + 7)]), Tolerance);
    }

    [Fact]
    public void Spearman_WithTies_SharesTheMeanRank()
    {
        double[] x = [10, 20, 20, 30];
        double[] y = [1, 8, 9, 9];

        // Ranks (1, 2.5, 2.5, 4) and (1, 2, 3.5, 3.5), both with mean 2.5;
        // deviations (-1.5, 0, 0, 1.5) and (-1.5, -0.5, 1, 1): 2.25 + 1.5 = 3.75; squares 4.5 and 2.25 + 0.25 + 1 + 1 = 4.5.
        Assert.Equal(3.75 / 4.5, Correlation.Spearman(x, y), Tolerance);
    }

    [Fact]
    public void Spearman_OrderKept_IsOneWhateverTheDistances()
    {
        double[] x = [1, 2, 3, 1000];
        double[] y = [0.1, 0.2, 5, 5.1];

        Assert.Equal(1, Correlation.Spearman(x, y), Tolerance);
        Assert.True(Correlation.Pearson(x, y) < 0.9);
    }

    [Fact]
    public void KendallB_WithTies_CountsPairs()
    {
        double[] x = [1, 2, 2, 3];
        double[] y = [1, 3, 2, 2];

        // Pairs: 3 in the same order (1 with each), 1 in the other; 5 of 6 differ in x, 5 in y.
        Assert.Equal(2 / 5.0, Correlation.KendallB(x, y), Tolerance);
        Assert.Equal(-1, Correlation.KendallB([1, 2, 3], [9, 4, -1]), Tolerance);
        Assert.Equal(double.NaN, Correlation.KendallB([1, 1], [1, 2]));
        Assert.Equal(double.NaN, Correlation.KendallB([1, double.NaN], [1, 2]));
    }

    [Theory]
    [InlineData(new[] { 0.1, 0.1, 0.1 }, new[] { 1.0, 2, 3 })] // whose sum divided by 3 is not 0.1
    [InlineData(new[] { 1.0, 2, 3 }, new[] { 2.0, 2, 2 })]
    [InlineData(new[] { 1.0 }, new[] { 2.0 })]
    [InlineData(new[] { 1.0, double.NaN, 3 }, new[] { 1.0, 2, 3 })]
    public void Both_ConstantOrNotANumber_AreNotANumber(double[] x, double[] y)
    {
        Assert.Equal(double.NaN, Correlation.Pearson(x, y));
        Assert.Equal(double.NaN, Correlation.Spearman(x, y));
    }

    [Fact]
    public void Both_ListsThatDoNotFit_AreACallersMistake()
    {
        Assert.Throws<ArgumentException>(() => Correlation.Pearson([], []));
        Assert.Throws<ArgumentException>(() => Correlation.Spearman([1, 2], [1]));
    }
}
