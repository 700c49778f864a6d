using ResLora.Text.Data.Labelling;
using ResLora.Training.Evaluation;
using Xunit;

namespace ResLora.Tests.Training.Evaluation;

public sealed class LabelScoresTests
{
    // Few operations on small whole numbers: only the last bits may differ.
    private const double Tolerance = 1e-12;

    /// <summary>TP 3, FN 1, FP 2, TN 4, as in <see cref="ConfusionMatrixTests"/>: accuracy 0.7, F1 2/3, Matthews 10 / √600.</summary>
    private static readonly int[] _expected = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0];
    private static readonly int[] _predicted = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0];

    [Theory]
    [InlineData("cola", "matthews", 0.408248290463863)] // 10 / sqrt(600)
    [InlineData("sst2", "accuracy", 0.7)]
    [InlineData("mrpc", "accuracy f1", 0.683333333333333)] // (0.7 + 2/3) / 2
    [InlineData("qqp", "accuracy f1", 0.683333333333333)]
    [InlineData("qnli", "accuracy", 0.7)]
    [InlineData("rte", "accuracy", 0.7)]
    [InlineData("wnli", "accuracy", 0.7)]
    public void OfLabels_GlueTask_ScoresAsGlueDoes(string name, string metrics, double score)
    {
        var task = LabelledTaskRegistry.Get(name);

        var scores = LabelScores.OfLabels(task, task.Labels!, _expected, _predicted);

        Assert.Equal(metrics.Split(' '), scores.Metrics.Keys);
        Assert.Equal(score, scores.Score, Tolerance);
        Assert.Equal(task.Labels!.Names, scores.Report!.Classes.Select(c => c.Label));
    }

    [Theory]
    [InlineData("mnli")]
    [InlineData("mnli-mismatched")]
    public void OfLabels_Mnli_IsAccuracy(string name)
    {
        var task = LabelledTaskRegistry.Get(name);

        var scores = LabelScores.OfLabels(task, task.Labels!, [0, 1, 2, 2], [0, 1, 2, 0]);

        Assert.Equal(["accuracy"], scores.Metrics.Keys);
        Assert.Equal(0.75, scores.Score, Tolerance);
    }

    [Fact]
    public void OfLabels_ClassifierWithTheOtherOrder_HasTheSameF1()
    {
        var task = LabelledTaskRegistry.Get("mrpc");
        var turned = new LabelSet(["equivalent", "not_equivalent"]);

        var scores =
            LabelScores.OfLabels(task, turned, [.. _expected.Select(label => 1 - label)], [.. _predicted.Select(label => 1 - label)]);

        Assert.Equal(2.0 / 3, scores.Metrics["f1"], Tolerance);
    }

    [Fact]
    public void OfLabels_Classification_ScoresAccuracyAndReportsMacroF1()
    {
        var task = LabelledTaskRegistry.Get("classification");

        var scores = LabelScores.OfLabels(task, new LabelSet(["no", "yes"]), _expected, _predicted);

        Assert.Equal(0.7, scores.Score, Tolerance);
        Assert.Equal(23.0 / 33, scores.Metrics["macro_f1"], Tolerance);
        Assert.Equal(0.7, scores.Metrics["accuracy"], Tolerance);
    }

    [Theory]
    [InlineData("stsb")]
    [InlineData("regression")]
    public void OfScores_Regression_IsTheMeanOfBothCorrelations(string name)
    {
        var scores = LabelScores.OfScores(LabelledTaskRegistry.Get(name), [1, 2, 3, 4], [2, 1, 4, 5]);

        // Pearson 6 / sqrt(50) as in CorrelationTests. Ranks (1, 2, 3, 4) and (2, 1, 3, 4): 1 - 6 * 2 / (4 * 15) = 0.8.
        Assert.Equal(["pearson", "spearman"], scores.Metrics.Keys);
        Assert.Equal(((6 / Math.Sqrt(50)) + 0.8) / 2, scores.Score, Tolerance);
        Assert.Null(scores.Report);
    }

    [Fact]
    public void OfScores_ConstantPredictions_AreNotANumber()
    {
        var scores = LabelScores.OfScores(LabelledTaskRegistry.Get("stsb"), [1, 2, 3], [2, 2, 2]);

        Assert.Equal(double.NaN, scores.Score);
    }

    [Fact]
    public void Of_TaskOfTheOtherKind_IsACallersMistake()
    {
        var labels = new LabelSet(["no", "yes"]);

        Assert.Throws<ArgumentException>(() => LabelScores.OfLabels(LabelledTaskRegistry.Get("stsb"), labels, [0], [0]));
        Assert.Throws<ArgumentException>(() => LabelScores.OfScores(LabelledTaskRegistry.Get("cola"), [0], [0]));
    }
}
