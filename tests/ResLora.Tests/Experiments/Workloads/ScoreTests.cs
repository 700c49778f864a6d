using ResLora.Experiments.Workloads;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads;

public sealed class ScoreTests
{
    // Published values of Wilson's interval are given to four digits.
    private const int Digits = 4;

    [Theory]
    [InlineData(0, 10, 0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1)]
    [InlineData(10, 100, 0.0552, 0.1744)]
    [InlineData(50, 100, 0.4038, 0.5962)]
    [InlineData(1, 1, 0.2065, 1)]
    public void Interval_KnownCounts_IsWilsons(int correct, int total, double low, double high)
    {
        var score = new Score(correct, total);

        Assert.Equal(low, score.Low, Digits);
        Assert.Equal(high, score.High, Digits);
    }
}
