using System.Text.Json;
using ResLora.Text.Data.Labelling;

namespace ResLora.Training.Evaluation;

/// <summary>What a task measures of predictions.</summary>
/// <param name="Score">The task's score: the mean of its <see cref="LabelMeasures.ScoreMetrics"/>. Correlations of constant predictions are
/// not a number, and so is a mean of them.</param>
/// <param name="Metrics">Every metric of the task by name: <c>accuracy</c>, <c>f1</c>, <c>macro_f1</c>, <c>matthews</c>, <c>pearson</c>,
/// <c>spearman</c>.</param>
/// <param name="Report">The classes one by one; null for regression.</param>
public sealed record LabelScores(double Score, IReadOnlyDictionary<string, double> Metrics, ClassificationReport? Report)
{
    // F1 is about the label that GLUE numbers 1: equivalent, duplicate.
    private const int PositiveLabel = 1;
    private const int MostPlaces = 5;

    /// <summary>Compares labels.</summary>
    /// <param name="task">A classification task.</param>
    /// <param name="labels">What the numbers stand for: <see cref="LabelledData.Labels"/>.</param>
    /// <param name="expected">The right labels.</param>
    /// <param name="predicted">The predicted labels, as many.</param>
    /// <returns>The scores.</returns>
    /// <exception cref="ArgumentException">There are none, or not as many of both, or the task is a regression.</exception>
    public static LabelScores OfLabels(LabelMeasures task, LabelSet labels, IReadOnlyList<int> expected, IReadOnlyList<int> predicted) =>
        OfLabels(task, labels, expected, predicted, null);

    /// <summary>As the other overload, from what rates the labels, so that the places behind the first count, too.</summary>
    /// <param name="task">A classification task.</param>
    /// <param name="labels">What the numbers stand for.</param>
    /// <param name="expected">The right labels.</param>
    /// <param name="ratings">For each of them a number for every label; the highest is what is predicted, the first of equal ones.</param>
    /// <returns>The scores.</returns>
    /// <exception cref="ArgumentException">There are none, or not as many of both, or the task is a regression.</exception>
    public static LabelScores OfRatings(LabelMeasures task, LabelSet labels, IReadOnlyList<int> expected, IReadOnlyList<float[]> ratings)
    {
        ArgumentNullException.ThrowIfNull(ratings);
        return OfLabels(task, labels, expected, [.. ratings.Select(rating => Highest(rating))], ratings);
    }

    /// <summary>The place of the highest score, the first of equal ones.</summary>
    /// <param name="scores">The scores of the labels.</param>
    /// <returns>The label's number.</returns>
    public static int Highest(IReadOnlyList<float> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        return Enumerable.Range(0, scores.Count).MaxBy(place => scores[place]);
    }

    private static LabelScores OfLabels(
        LabelMeasures task, LabelSet labels, IReadOnlyList<int> expected, IReadOnlyList<int> predicted, IReadOnlyList<float[]>? ratings)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(labels);
        var matrix = ConfusionMatrix.Of(expected, predicted, labels.Count);
        return Of(task, ClassificationReport.Of(matrix, labels), metric => metric switch
        {
            LabelMetric.Accuracy => matrix.Accuracy,
            LabelMetric.Top5Accuracy => ratings is null
                ? throw new ArgumentException("Places behind the first are known from ratings only.", nameof(ratings))
                : (double)expected.Where((label, i) => Place(ratings[i], label) < MostPlaces).Count() / expected.Count,
            LabelMetric.F1 => matrix.F1(labels.Find(task.Labels!.Names[PositiveLabel])!.Value),
            LabelMetric.MacroF1 => matrix.MacroF1,
            LabelMetric.Matthews => matrix.Matthews,
            _ => throw new ArgumentException($"Task '{task.Name}' predicts scores, not labels.", nameof(task)),
        });
    }

    /// <summary>Compares scores.</summary>
    /// <param name="task">A regression task.</param>
    /// <param name="expected">The right scores.</param>
    /// <param name="predicted">The predicted scores, as many.</param>
    /// <returns>The scores.</returns>
    /// <exception cref="ArgumentException">There are none, or not as many of both, or the task is a classification.</exception>
    public static LabelScores OfScores(LabelMeasures task, IReadOnlyList<double> expected, IReadOnlyList<double> predicted)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Of(task, null, metric => metric switch
        {
            LabelMetric.Pearson => Correlation.Pearson(expected, predicted),
            LabelMetric.Spearman => Correlation.Spearman(expected, predicted),
            _ => throw new ArgumentException($"Task '{task.Name}' predicts labels, not scores.", nameof(task)),
        });
    }

    /// <summary>The name of a metric in files and settings.</summary>
    /// <param name="metric">The metric.</param>
    /// <returns>The name, such as <c>macro_f1</c>.</returns>
    public static string NameOf(LabelMetric metric) => JsonSerializer.SerializeToElement(metric).GetString()!;

    /// <summary>How many labels are rated higher than one, or as high and come before it.</summary>
    private static int Place(float[] rating, int label) =>
        rating.Where((value, i) => value > rating[label] || (value == rating[label] && i < label)).Count();

    private static LabelScores Of(LabelMeasures task, ClassificationReport? report, Func<LabelMetric, double> measure)
    {
        var values = task.Metrics.ToDictionary(metric => metric, measure);
        return new LabelScores(
            task.ScoreMetrics.Average(metric => values[metric]),
            values.ToDictionary(value => NameOf(value.Key), value => value.Value),
            report);
    }
}
