using MathNet.Numerics;
using ResLora.Formats.Errors;

namespace ResLora.Statistics.Intervals;

/// <summary>Intervals of a share, such as an accuracy.</summary>
public static class ProportionInterval
{
    /// <summary>Wilson's score interval (1927): the shares that a normal test of the one that was seen would not reject.</summary>
    /// <param name="successes">How many of them, 0 to <paramref name="count"/>.</param>
    /// <param name="count">Of how many, at least 1.</param>
    /// <param name="confidence">Above 0 and below 1; default 0.95.</param>
    /// <returns>Bounds within 0 to 1.</returns>
    /// <exception cref="ConfigException">The counts do not fit.</exception>
    public static Interval Wilson(int successes, int count, double confidence = 0.95)
    {
        Require(successes, count);
        double z = -MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, (1 - confidence) / 2), share = (double)successes / count;
        var widening = 1 + (z * z / count);
        var middle = (share + (z * z / (2 * count))) / widening;
        var half = z * Math.Sqrt((share * (1 - share) / count) + (z * z / (4.0 * count * count))) / widening;
        return new Interval(Math.Max(0, middle - half), Math.Min(1, middle + half));
    }

    /// <summary>
    /// Clopper's and Pearson's exact interval (1934), which holds its confidence for every share: bounds at which so many successes, or so
    /// few, have half of the remaining chance.
    /// </summary>
    /// <param name="successes">How many of them, 0 to <paramref name="count"/>.</param>
    /// <param name="count">Of how many, at least 1.</param>
    /// <param name="confidence">Above 0 and below 1; default 0.95.</param>
    /// <returns>Bounds within 0 to 1.</returns>
    /// <exception cref="ConfigException">The counts do not fit.</exception>
    public static Interval ClopperPearson(int successes, int count, double confidence = 0.95)
    {
        Require(successes, count);
        var tail = (1 - confidence) / 2;
        return new Interval(
            successes == 0 ? 0 : BetaQuantile(successes, count - successes + 1, tail),
            successes == count ? 1 : BetaQuantile(successes + 1, count - successes, 1 - tail));
    }

    private static double BetaQuantile(double a, double b, double chance) =>
        RootFinding.Between(0, 1, share => SpecialFunctions.BetaRegularized(a, b, share) - chance);

    private static void Require(int successes, int count)
    {
        if (count < 1 || successes < 0 || successes > count)
        {
            throw new ConfigException($"There is no share of {successes} in {count}; give 0 to n successes of n, n at least 1.");
        }
    }
}
