namespace ResLora.Training.Evaluation;

/// <summary>How well scores put the positive ones of two classes first, whatever the threshold; as scikit-learn defines it.</summary>
public static class BinaryRanking
{
    /// <summary>
    /// The area under the receiver operating characteristic: the chance that a positive is scored above a negative, a tie counting half
    /// (Hanley and McNeil 1982).
    /// </summary>
    /// <param name="isPositive">Whether each example is positive.</param>
    /// <param name="scores">Its score, as many.</param>
    /// <returns>0 to 1; not a number when there is one class only or a score is none.</returns>
    /// <exception cref="ArgumentException">There are none, or not as many of both.</exception>
    public static double RocAuc(IReadOnlyList<bool> isPositive, IReadOnlyList<double> scores)
    {
        ArgumentNullException.ThrowIfNull(isPositive);
        ArgumentNullException.ThrowIfNull(scores);
        Correlation.RequireAsMany(isPositive.Count, scores.Count);
        double positives = isPositive.Count(one => one), negatives = isPositive.Count - positives;
        if (positives == 0 || negatives == 0 || scores.Any(double.IsNaN))
        {
            return double.NaN;
        }

        var ranks = Correlation.Ranks(scores).Where((_, i) => isPositive[i]).Sum();
        return (ranks - (positives * (positives + 1) / 2)) / (positives * negatives);
    }

    /// <summary>
    /// Average precision, Σ (Rₙ − Rₙ₋₁) Pₙ over the thresholds from the highest score down, with precision P and recall R; equal scores are
    /// one threshold.
    /// </summary>
    /// <param name="isPositive">Whether each example is positive.</param>
    /// <param name="scores">Its score, as many.</param>
    /// <returns>0 to 1; 0 when nothing is positive, not a number when a score is none.</returns>
    /// <exception cref="ArgumentException">There are none, or not as many of both.</exception>
    public static double AveragePrecision(IReadOnlyList<bool> isPositive, IReadOnlyList<double> scores)
    {
        ArgumentNullException.ThrowIfNull(isPositive);
        ArgumentNullException.ThrowIfNull(scores);
        Correlation.RequireAsMany(isPositive.Count, scores.Count);
        if (scores.Any(double.IsNaN))
        {
            return double.NaN;
        }

        double positives = isPositive.Count(one => one), found = 0, above = 0, area = 0;
        foreach (var equal in Enumerable.Range(0, scores.Count).GroupBy(i => scores[i]).OrderByDescending(group => group.Key))
        {
            var more = equal.Count(i => isPositive[i]);
            found += more;
            above += equal.Count();
            area += more == 0 ? 0 : more / positives * (found / above);
        }

        return area;
    }
}
