using ResLora.Experiments.Running;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Evaluation;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>What the arms are judged by.</summary>
/// <param name="Name">Such as accuracy, exact match or loss.</param>
/// <param name="Unit">What it is measured in; <see cref="Share"/> for numbers from 0 to 1, coefficient for those from -1 to 1.</param>
/// <param name="IsLowerBetter">Whether a lower score is better.</param>
public sealed record ScoreMeaning(string Name, string Unit, bool IsLowerBetter)
{
    /// <summary>The unit of numbers from 0 to 1.</summary>
    public const string Share = "share";

    private const string Coefficient = "coefficient";

    private static readonly LabelMetric[] _coefficients = [LabelMetric.Matthews, LabelMetric.Pearson, LabelMetric.Spearman];

    private static readonly string[] _shares =
    [
        RunConfig.ExactMatchMetric,
        .. Enum.GetValues<LabelMetric>().Except(_coefficients).Select(metric => $"eval_{LabelScores.NameOf(metric)}"),
    ];

    /// <summary>The score of a task with labels: the mean of these.</summary>
    /// <param name="metrics">The task's metrics.</param>
    internal static ScoreMeaning OfLabels(IReadOnlyList<LabelMetric> metrics) => new(
        string.Join(" and ", metrics.Select(LabelScores.NameOf)), metrics.Any(_coefficients.Contains) ? Coefficient : Share, false);

    /// <summary>A metric of validation data, such as eval_loss; one that may be a share or a coefficient counts as a coefficient.</summary>
    /// <param name="metric">Its name.</param>
    internal static ScoreMeaning OfMetric(string metric) => TrainConfig.IsBetterSmall(metric)
        ? new(metric, "loss", true)
        : new(metric, _shares.Contains(metric) ? Share : Coefficient, false);

    /// <summary>What such a score lies between.</summary>
    internal (double Least, double Most) Range => Unit switch
    {
        Share => (0, 1),
        _ when IsLowerBetter => (0, double.PositiveInfinity),
        _ => (-1, 1),
    };
}
