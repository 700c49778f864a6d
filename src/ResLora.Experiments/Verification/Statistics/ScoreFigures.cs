using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Statistics;

/// <summary>What the scores of predictions give, by the names of statistics.json.</summary>
internal static class ScoreFigures
{
    public static IReadOnlyDictionary<string, Func<double[]>> OfCorrelation(StatisticsEntry entry)
    {
        double[] x = entry.Numbers("x"), y = entry.Numbers("y");
        entry.RequireAsMany("x", x.Length, "y", y.Length);
        return new Dictionary<string, Func<double[]>>
        {
            ["pearson"] = () => [Correlation.Pearson(x, y)],
            ["spearman"] = () => [Correlation.Spearman(x, y)],
            ["kendall_b"] = () => [Correlation.KendallB(x, y)],
        };
    }

    public static IReadOnlyDictionary<string, Func<double[]>> OfLabels(StatisticsEntry entry)
    {
        int[] labels = entry.Whole("labels"), predictions = entry.Whole("predictions");
        entry.RequireAsMany("labels", labels.Length, "predictions", predictions.Length);
        // Labels need not begin with 0 nor be without gaps.
        int[] classes = [.. labels.Union(predictions).Order()];
        var matrix = ConfusionMatrix.Of(
            [.. labels.Select(label => Array.BinarySearch(classes, label))],
            [.. predictions.Select(label => Array.BinarySearch(classes, label))],
            classes.Length);
        return new Dictionary<string, Func<double[]>>
        {
            ["accuracy"] = () => [matrix.Accuracy],
            ["matthews"] = () => [matrix.Matthews],
            ["macro_f1"] = () => [matrix.MacroF1],
            ["weighted_f1"] = () => [matrix.WeightedF1],
            ["cohen_kappa"] = () => [matrix.CohenKappa],
            ["confusion_rows_are_labels"] = () =>
                [.. from expected in Enumerable.Range(0, matrix.Classes)
                    from predicted in Enumerable.Range(0, matrix.Classes)
                    select (double)matrix[expected, predicted]],
        };
    }

    public static IReadOnlyDictionary<string, Func<double[]>> OfBinary(StatisticsEntry entry)
    {
        var scores = entry.Numbers("scores");
        bool[] labels = [.. entry.Flags("labels")];
        entry.RequireAsMany("labels", labels.Length, "scores", scores.Length);
        return new Dictionary<string, Func<double[]>>
        {
            ["roc_auc"] = () => [BinaryRanking.RocAuc(labels, scores)],
            ["average_precision"] = () => [BinaryRanking.AveragePrecision(labels, scores)],
        };
    }

    public static IReadOnlyDictionary<string, Func<double[]>> OfFrechet(StatisticsEntry entry)
    {
        double[][] first = entry.Rows("a"), second = entry.Rows("b");
        _ = entry.Word("covariance", "n - 1");
        return new Dictionary<string, Func<double[]>>
        {
            ["distance"] = () =>
            {
                using var scope = NewDisposeScope();
                return [FrechetDistance.Between(OfRows(first), OfRows(second))];
            },
        };
    }

    private static Tensor OfRows(double[][] rows) =>
        tensor(rows.SelectMany(row => row).ToArray()).reshape(rows.Length, rows[0].Length);   // [N · D] -> [N, D]
}
