using MathNet.Numerics.Distributions;
using ResLora.Formats.Errors;

namespace ResLora.Statistics.Hypotheses;

/// <summary>
/// McNemar's exact test of two sides that got the same items right or wrong (McNemar 1947): only items that one alone got count.
/// </summary>
/// <param name="OnlyFirst">How many items the first side alone got right.</param>
/// <param name="OnlySecond">How many the second alone got right.</param>
/// <param name="P">The chance of so uneven a split when each is as likely, two-sided; 1 when there is none.</param>
public sealed record McNemarTest(int OnlyFirst, int OnlySecond, double P)
{
    /// <summary>Runs it.</summary>
    /// <param name="first">Whether the first side got each item right.</param>
    /// <param name="second">The same of the second side, in the same order.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ConfigException">There are no items, or not as many of both.</exception>
    public static McNemarTest Of(IReadOnlyList<bool> first, IReadOnlyList<bool> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Count == 0 || first.Count != second.Count)
        {
            throw new ConfigException(
                $"McNemar's test needs as many items of both sides, and one at least; there are {first.Count} and {second.Count}.");
        }

        var onlyFirst = first.Zip(second).Count(pair => pair.First && !pair.Second);
        var onlySecond = first.Zip(second).Count(pair => pair.Second && !pair.First);
        var all = onlyFirst + onlySecond;
        var p = all == 0 ? 1 : Math.Min(1, 2 * Binomial.CDF(0.5, all, Math.Min(onlyFirst, onlySecond)));
        return new McNemarTest(onlyFirst, onlySecond, p);
    }
}
