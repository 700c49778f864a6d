using ResLora.Experiments.Sweeping.Reports;
using ResLora.Statistics.Hypotheses;
using ResLora.Statistics.Judging;
using Xunit;

namespace ResLora.Tests.Experiments.Sweeping.Reports;

public sealed class BestVerdictTests
{
    private static readonly SweptKey[] _rank = [new("adapter.rank", "rank", ["4", "8", "16"])];

    [Fact]
    public void Of_ThreePoints_IsHeldAgainstAThirdOfTheSignificance()
    {
        // Differences of about 0.1 with little spread: p is 0.0033 alone.
        double[] best = [1.00, 1.01, 1.02], second = [1.10, 1.12, 1.11];

        var report = SampleSweep.Make(
            _rank, SampleSweep.Point(["4"], second), SampleSweep.Point(["8"], best), SampleSweep.Point(["16"], [2, 2.1, 2.2]));

        var p = PairedTTest.Of(best, second).P;
        var verdict = report.Verdicts[0];
        Assert.Equal(("8", "4", Conclusion.Better), (verdict.Arm, verdict.Reference, verdict.Conclusion));
        Assert.Equal(p, verdict.P!.Value, 1e-9);
        Assert.InRange(p, 0.001, 0.05 / 3);
        Assert.Contains("p must be 0.0167 at most, 0.05 for all pairs of 3 points together", report.Findings[1], StringComparison.Ordinal);
        Assert.Contains("98.3 % interval", report.Findings[1], StringComparison.Ordinal);
        Assert.Equal("the best is shown to be better, by more than chance, than 4; 16", report.Findings[2]);
    }

    [Fact]
    public void Of_ThreePointsAmongManyLeftBehind_CountsThese()
    {
        double[] best = [1.00, 1.01, 1.02], second = [1.10, 1.12, 1.11];
        var cut = Enumerable.Range(0, 5).Select(i => SampleSweep.Point([$"{100 + i}"], [3, 3, 3], PointOutcome.Cut));

        var report = SampleSweep.Make(_rank, [SampleSweep.Point(["4"], second), SampleSweep.Point(["8"], best), .. cut]);

        // The same p, and 21 pairs of 7 points: 0.05 / 21 is less.
        Assert.Equal(Conclusion.NotShown, Assert.Single(report.Verdicts).Conclusion);
        Assert.Contains("the best may be the luckiest", report.Findings[1], StringComparison.Ordinal);
        Assert.StartsWith("5 points were left behind by successive halving", report.Findings[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_VeryManyPoints_NamesTheBarAndThePHoweverSmall()
    {
        double[] best = [1.000, 1.001, 1.002], second = [1.100, 1.1011, 1.102];
        var cut = Enumerable.Range(0, 44).Select(i => SampleSweep.Point([$"{100 + i}"], [3, 3, 3], PointOutcome.Cut));

        var report = SampleSweep.Make(_rank, [SampleSweep.Point(["4"], second), SampleSweep.Point(["8"], best), .. cut]);

        // 46 points make 1035 pairs, and 0.05 / 1035 is 4.8e-5; p is 1.0e-7.
        Assert.Contains("p is ", report.Findings[1], StringComparison.Ordinal);
        Assert.Contains(" and must be 4.8e-5 at most, 0.05 for all pairs of 46 points", report.Findings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_OneSeed_IsNotJudged()
    {
        var report = SampleSweep.Make(_rank, SampleSweep.Point(["4"], [1]), SampleSweep.Point(["8"], [2]));

        Assert.Equal(Conclusion.NotJudged, Assert.Single(report.Verdicts).Conclusion);
        Assert.Contains("give more seeds", report.Findings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_OnePoint_HasNone()
    {
        var report = SampleSweep.Make(_rank, SampleSweep.Point(["4"], [1, 2]), SampleSweep.Point(["8"], [3, 3], PointOutcome.Cut));

        Assert.Empty(report.Verdicts);
        Assert.StartsWith("only one point was trained to its end", report.Findings[1], StringComparison.Ordinal);
    }
}
