using ResLora.Formats.Errors;
using ResLora.Training.Evaluation;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Evaluation;

public sealed class FrechetDistanceTests
{
    // A few products and roots in float64.
    private const double Tolerance = 1e-9;

    [Fact]
    public void Between_OneWidth_IsThatOfTwoNormalDistributions()
    {
        using var first = tensor(new[,] { { 1.0 }, { 3.0 }, { 5.0 } });      // mean 3, variance 4
        using var second = tensor(new[,] { { 10.0 }, { 11.0 }, { 12.0 } });   // mean 11, variance 1

        // (3 - 11)² + (2 - 1)²
        Assert.Equal(65, FrechetDistance.Between(first, second), Tolerance);
    }

    [Fact]
    public void Between_FeaturesThatGoTogether_IsThatOfSciPy()
    {
        using var first = tensor(new[,] { { 1.0, 2 }, { 3, 1 }, { 2, 5 }, { 0, 1 } });
        using var second = tensor(new[,] { { 2.0, 2 }, { 4, 7 }, { 1, 0 }, { 5, 3 }, { 3, 3 } });

        // |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 sqrtm(Σ₁ Σ₂)) with scipy.linalg.sqrtm and numpy.cov.
        Assert.Equal(3.7494007051677083, FrechetDistance.Between(first, second), Tolerance);
        Assert.Equal(3.7494007051677083, FrechetDistance.Between(second, first), Tolerance);
    }

    [Fact]
    public void Between_FewerRowsThanWidth_IsZeroOfTheSameRows()
    {
        using var generator = new Generator(1, CPU);
        using var rows = randn([3, 8], generator: generator);

        Assert.Equal(0, FrechetDistance.Between(rows, rows), 1e-6);
    }

    [Fact]
    public void Between_OneRow_IsRefused()
    {
        using var one = zeros(1, 4);
        using var two = zeros(2, 4);

        var error = Assert.Throws<ShapeException>(() => FrechetDistance.Between(two, one));

        Assert.Equal("A covariance needs 2 rows; there are 2 and 1.", error.Message);
    }
}
