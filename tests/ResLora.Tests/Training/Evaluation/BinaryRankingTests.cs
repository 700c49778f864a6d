using ResLora.Training.Evaluation;
using Xunit;

namespace ResLora.Tests.Training.Evaluation;

/// <summary>Values worked out by hand; the undefined cases are those of scikit-learn.</summary>
public sealed class BinaryRankingTests
{
    // Few operations on small whole numbers: only the last bits may differ.
    private const double Tolerance = 1e-12;

    [Fact]
    public void Both_HandComputed_MatchTheFormulas()
    {
        bool[] labels = [true, false, true, false, true];
        double[] scores = [0.9, 0.8, 0.7, 0.3, 0.3];

        // Of 3 · 2 pairs the first positive wins two, the second one, and the third one half.
        Assert.Equal(3.5 / 6, BinaryRanking.RocAuc(labels, scores), Tolerance);
        // Thresholds: 1/3 found at precision 1, 1/3 more at 2/3, and 1/3 more at 3/5, where two scores are equal.
        Assert.Equal((1 + (2.0 / 3) + 0.6) / 3, BinaryRanking.AveragePrecision(labels, scores), Tolerance);
    }

    [Fact]
    public void Both_OneClassOnly_AreScikitLearns()
    {
        Assert.Equal(double.NaN, BinaryRanking.RocAuc([true, true], [0.1, 0.2]));
        Assert.Equal(1, BinaryRanking.AveragePrecision([true, true], [0.1, 0.2]), Tolerance);
        Assert.Equal(0, BinaryRanking.AveragePrecision([false, false], [0.1, 0.2]), Tolerance);
    }

    [Fact]
    public void Both_EqualScores_AreChance()
    {
        bool[] labels = [true, false, true, true];

        Assert.Equal(0.5, BinaryRanking.RocAuc(labels, [1, 1, 1, 1]), Tolerance);
        Assert.Equal(0.75, BinaryRanking.AveragePrecision(labels, [1, 1, 1, 1]), Tolerance);
    }

    [Fact]
    public void Both_ScoresThatAreNone_AreNone()
    {
        Assert.Equal(double.NaN, BinaryRanking.RocAuc([true, false], [double.NaN, 1]));
        Assert.Equal(double.NaN, BinaryRanking.AveragePrecision([true, false], [double.NaN, 1]));
        Assert.Throws<ArgumentException>(() => BinaryRanking.RocAuc([true], [1, 2]));
    }
}
