using ResLora.Text.Data.Labelling;
using ResLora.Training.Evaluation;
using Xunit;

namespace ResLora.Tests.Training.Evaluation;

/// <summary>Values worked out by hand; the empty cases are those of scikit-learn.</summary>
public sealed class ConfusionMatrixTests
{
    // Few operations on small whole numbers: only the last bits may differ.
    private const double Tolerance = 1e-12;

    [Fact]
    public void TwoClasses_HandComputed_MatchesTheFormulas()
    {
        // TP 3, FN 1, FP 2, TN 4.
        int[] expected = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0];
        int[] predicted = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0];

        var matrix = ConfusionMatrix.Of(expected, predicted, 2);

        Assert.Equal((3, 1, 2, 4, 10), (matrix[1, 1], matrix[1, 0], matrix[0, 1], matrix[0, 0], matrix.Total));
        Assert.Equal(7.0 / 10, matrix.Accuracy, Tolerance);         // (3 + 4) / 10
        Assert.Equal(3.0 / 5, matrix.Precision(1), Tolerance);      // 3 / (3 + 2)
        Assert.Equal(3.0 / 4, matrix.Recall(1), Tolerance);         // 3 / (3 + 1)
        Assert.Equal(2.0 / 3, matrix.F1(1), Tolerance);             // 2 * 0.6 * 0.75 / 1.35 = 6 / 9
        Assert.Equal(8.0 / 11, matrix.F1(0), Tolerance);            // 2 * 4 / (2 * 4 + 1 + 2)
        Assert.Equal(23.0 / 33, matrix.MacroF1, Tolerance);         // (22 / 33 + 24 / 33) / 2
        // (3 * 4 - 2 * 1) / sqrt((3 + 2)(3 + 1)(4 + 2)(4 + 1)) = 10 / sqrt(5 * 4 * 6 * 5)
        Assert.Equal(10 / Math.Sqrt(600), matrix.Matthews, Tolerance);
    }

    [Fact]
    public void ThreeClasses_HandComputed_MatchesTheFormulas()
    {
        int[] expected = [0, 0, 1, 1, 2, 2];
        int[] predicted = [0, 1, 1, 1, 2, 0];

        var matrix = ConfusionMatrix.Of(expected, predicted, 3);

        // c = 4 right of s = 6; there t = (2, 2, 2), predicted p = (2, 3, 1).
        // c s - sum p t = 24 - (4 + 6 + 2) = 12; s² - sum p² = 36 - 14 = 22; s² - sum t² = 36 - 12 = 24.
        Assert.Equal(12 / Math.Sqrt(22 * 24), matrix.Matthews, Tolerance);

        // p = 4/6; e = 12/36: (24 - 12) / (36 - 12).
        Assert.Equal(0.5, matrix.CohenKappa, Tolerance);

        // F1: 2 * 1 / (2 + 2) = 1/2; 2 * 2 / (3 + 2) = 4/5; 2 * 1 / (1 + 2) = 2/3.
        Assert.Equal((0.5 + 0.8 + (2.0 / 3)) / 3, matrix.MacroF1, Tolerance);
    }

    [Fact]
    public void WeightedF1_UnevenClasses_CountsEachAsOftenAsItIsThere()
    {
        // Class 0: three there, one predicted and right, F1 2/4; class 1: one there, found among two, F1 2/3; class 2 only predicted.
        var matrix = ConfusionMatrix.Of([0, 0, 0, 1], [0, 1, 2, 1], 3);

        Assert.Equal(((3 * 0.5) + (2.0 / 3)) / 4, matrix.WeightedF1, Tolerance);
        Assert.Equal(double.NaN, ConfusionMatrix.Of([1, 1], [1, 1], 2).CohenKappa);
    }

    [Theory]
    [InlineData(new[] { 0, 1, 0, 1 }, new[] { 0, 1, 0, 1 }, 1)]
    [InlineData(new[] { 0, 1, 0, 1 }, new[] { 1, 0, 1, 0 }, -1)]
    [InlineData(new[] { 0, 1, 0, 1 }, new[] { 1, 1, 1, 1 }, 0)] // one class predicted
    [InlineData(new[] { 1, 1, 1, 1 }, new[] { 0, 1, 0, 1 }, 0)] // one class there
    [InlineData(new[] { 1, 1 }, new[] { 1, 1 }, 0)]             // both, though all is right
    public void Matthews_Extremes_AreScikitLearns(int[] expected, int[] predicted, double matthews) =>
        Assert.Equal(matthews, ConfusionMatrix.Of(expected, predicted, 2).Matthews, Tolerance);

    [Fact]
    public void Matthews_AMillionExamples_DoesNotOverflow()
    {
        const int count = 1_000_000;
        int[] expected = [.. Enumerable.Range(0, count).Select(i => i % 2)];
        int[] predicted = [.. Enumerable.Range(0, count).Select(i => i % 4 == 0 ? 1 : i % 2)];

        var matrix = ConfusionMatrix.Of(expected, predicted, 2);

        // In units of count / 4: TP 2, FN 0, FP 1, TN 1: (2 * 1 - 1 * 0) / sqrt(3 * 2 * 2 * 1) = 2 / sqrt(12).
        Assert.Equal(2 / Math.Sqrt(12), matrix.Matthews, Tolerance);
    }

    [Fact]
    public void Shares_OfNothing_AreZeroAndClassesThatAreNowhereDoNotCount()
    {
        // Class 1 is there and never predicted, class 2 is nowhere.
        var matrix = ConfusionMatrix.Of([0, 0, 0, 1], [0, 0, 0, 0], 3);

        Assert.Equal((0.0, 0.0, 0.0), (matrix.Precision(1), matrix.Recall(1), matrix.F1(1)));
        Assert.Equal((0.0, 0.0, 0.0), (matrix.Precision(2), matrix.Recall(2), matrix.F1(2)));
        Assert.Equal(3.0 / 7, matrix.MacroF1, Tolerance); // (2 * 3 / (4 + 3) + 0) / 2
    }

    [Fact]
    public void MacroF1_ClassThatIsOnlyPredicted_Counts() =>
        Assert.Equal(1.0 / 3, ConfusionMatrix.Of([0, 0], [0, 1], 2).MacroF1, Tolerance);   // (2 * 1 / (2 + 1) + 0) / 2

    [Fact]
    public void Of_ListsThatDoNotFit_IsACallersMistake()
    {
        Assert.Throws<ArgumentException>(() => ConfusionMatrix.Of([], [], 2));
        Assert.Throws<ArgumentException>(() => ConfusionMatrix.Of([0], [0, 1], 2));
        Assert.Throws<IndexOutOfRangeException>(() => ConfusionMatrix.Of([0], [2], 2));
    }

    [Fact]
    public void Report_ThreeClasses_NamesThem()
    {
        var matrix = ConfusionMatrix.Of([0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 2, 0], 3);

        var report = ClassificationReport.Of(matrix, new LabelSet(["low", "middle", "high"]));

        Assert.Equal(4.0 / 6, report.Accuracy, Tolerance);
        Assert.Equal(
            [new("low", 0.5, 0.5, 0.5, 2), new("middle", 0.5, 1, 2.0 / 3, 1), new ClassScore("high", 1, 2.0 / 3, 0.8, 3)], report.Classes);
        Assert.Equal([[1, 1, 0], [0, 1, 0], [1, 0, 2]], report.Confusion);
        Assert.Equal(matrix.MacroF1, report.MacroF1);
    }
}
