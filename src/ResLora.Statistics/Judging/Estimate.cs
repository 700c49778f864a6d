using MathNet.Numerics.Statistics;
using ResLora.Formats.Errors;

namespace ResLora.Statistics.Judging;

/// <summary>
/// A mean over seeds, and over items where they are known, as an estimate for other seeds and other items.
/// </summary>
/// <remarks>
/// Seeds are to items what readers are to cases in studies of diagnosis: V = B / S + C, with B the variance between the S seeds and C the
/// covariance of two seeds, which share their N items (Obuchowski and Rockette 1995). V is at least what it would be if nothing but the
/// items made the seeds differ, since a few seeds may agree by chance. Critical values are those of <see cref="MixedStudent"/>.
/// </remarks>
public sealed record Estimate
{
    // Differences of equal scores may be a few roundings apart, and so may be the mean of differences that cancel out.
    private const double Rounding = 1e-14;

    private Estimate(double value, double error, MixedStudent distribution, double confidence)
    {
        var half = error == 0 ? 0 : distribution.Critical((1 - confidence) / 2) * error;
        (Value, StandardError, Distribution, Interval) = (value, error, distribution, new Interval(value - half, value + half));
    }

    /// <summary>The mean over seeds.</summary>
    public double Value { get; }

    /// <summary>√V; not a number for one value alone.</summary>
    public double StandardError { get; }

    /// <summary>Degrees of freedom; 0 for one value alone.</summary>
    public double Freedom => Distribution.Freedom;

    /// <summary>With the confidence that was asked for; not a number for one value alone.</summary>
    public Interval Interval { get; }

    /// <summary>What its critical values and p are of.</summary>
    internal MixedStudent Distribution { get; }

    /// <summary>Of a figure that is one number a seed, such as seconds.</summary>
    /// <param name="values">The figure of each seed, one at least.</param>
    /// <param name="confidence">Above 0 and below 1; default 0.95.</param>
    /// <returns>The estimate, with Student's interval.</returns>
    /// <exception cref="ConfigException">There is no value.</exception>
    public static Estimate OfValues(IReadOnlyList<double> values, double confidence = 0.95)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.Count > 0
            ? Of([.. values], null, 1, values.Max(Math.Abs), confidence)
            : throw new ConfigException("There is no value to estimate a mean from.");
    }

    /// <summary>Of an arm's own score.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="terms">How its score is made of its items, and the confidence.</param>
    /// <returns>The estimate.</returns>
    /// <exception cref="ConfigException">The terms are out of range.</exception>
    public static Estimate OfScore(ArmScores arm, VerdictTerms terms)
    {
        ArgumentNullException.ThrowIfNull(arm);
        ArgumentNullException.ThrowIfNull(terms);
        terms.Require();
        var scored = arm.Scored(terms);
        return Of(scored.Scores, scored.SpreadOf(scored.Columns), arm.Items, scored.Scores.Max(Math.Abs), terms.Confidence);
    }

    /// <summary>The estimate from each seed's value.</summary>
    /// <param name="values">[seeds].</param>
    /// <param name="spread">How they move with the items; null where items are not known.</param>
    /// <param name="items">How many items there are.</param>
    /// <param name="scale">The size of the numbers that the values are differences of.</param>
    /// <param name="confidence">Of the interval.</param>
    internal static Estimate Of(double[] values, Spread? spread, int items, double scale, double confidence)
    {
        var (variance, distribution) = values.Length == 1 ? OfOneSeed(spread, items) : OfSeeds(values, spread, items);
        double Sound(double value) => Math.Abs(value) <= Rounding * scale ? 0 : value;
        return new Estimate(Sound(values.Mean()), Sound(Math.Sqrt(variance)), distribution, confidence);
    }

    private static (double Variance, MixedStudent Distribution) OfOneSeed(Spread? spread, int items) =>
        (spread?.Own ?? double.NaN, new MixedStudent(0, 0, items - 1));

    private static (double Variance, MixedStudent Distribution) OfSeeds(double[] values, Spread? spread, int items)
    {
        double seeds = values.Length, between = values.Variance() / seeds;
        var variance = Math.Max(between, (spread?.Own ?? 0) / seeds) + (spread?.Shared ?? 0);
        var part = spread is null || variance == 0 ? 1 : between / variance;
        return (variance, new MixedStudent(part, seeds - 1, items - 1));
    }
}
