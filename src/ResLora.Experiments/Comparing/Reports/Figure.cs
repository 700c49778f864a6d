using ResLora.Statistics.Judging;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>A figure of an arm: one value a seed, and their mean with its 95 % interval.</summary>
/// <param name="Values">The values in the order of the report's seeds; null where a seed has none.</param>
/// <param name="Mean">Their mean; null where a seed has none.</param>
/// <param name="Low">The lower end of the interval; null where it is not known, as with one seed.</param>
/// <param name="High">The upper end.</param>
public sealed record Figure(IReadOnlyList<double?> Values, double? Mean, double? Low, double? High)
{
    /// <summary>A figure that is one number a seed.</summary>
    /// <param name="values">The values; null where a seed has none.</param>
    /// <param name="least">What none can be below.</param>
    /// <returns>The figure, with Student's interval.</returns>
    internal static Figure Of(IReadOnlyList<double?> values, double least = double.NegativeInfinity) =>
        Of(values, (least, double.PositiveInfinity));

    /// <summary>A figure that is one number a seed.</summary>
    /// <param name="values">The values; null where a seed has none.</param>
    /// <param name="range">What all values lie between.</param>
    /// <returns>The figure, with Student's interval.</returns>
    internal static Figure Of(IReadOnlyList<double?> values, (double Least, double Most) range) =>
        values.All(value => value is { } number && double.IsFinite(number))
            ? Of(values, Estimate.OfValues([.. values.Select(value => value!.Value)]), range)
            : new Figure(values, null, null, null);

    /// <summary>A figure whose mean and interval were estimated otherwise.</summary>
    /// <param name="values">The values.</param>
    /// <param name="estimate">The estimate.</param>
    /// <param name="range">What all values lie between, so that no interval leaves it.</param>
    internal static Figure Of(IReadOnlyList<double?> values, Estimate estimate, (double Least, double Most) range) => new(
        values,
        Finite(estimate.Value),
        Finite(Math.Max(range.Least, estimate.Interval.Low)),
        Finite(Math.Min(range.Most, estimate.Interval.High)));

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
