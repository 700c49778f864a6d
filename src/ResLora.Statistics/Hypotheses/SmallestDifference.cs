using ResLora.Formats.Errors;

namespace ResLora.Statistics.Hypotheses;

/// <summary>The smallest true difference that a t test of so much data would have shown with a given chance (its power).</summary>
public static class SmallestDifference
{
    /// <summary>For paired values whose differences have a known spread.</summary>
    /// <param name="deviation">The standard deviation of the differences, at least 0.</param>
    /// <param name="pairs">How many pairs there are; one pair can show nothing.</param>
    /// <param name="significance">The p below which a difference counts as shown; default 0.05.</param>
    /// <param name="power">The chance to show it; default 0.8.</param>
    /// <returns>The difference, in the unit of <paramref name="deviation"/>; not a number for one pair.</returns>
    /// <exception cref="ConfigException"><paramref name="significance"/> or <paramref name="power"/> is not between 0 and 1, or the power
    /// is not above the significance.</exception>
    public static double Of(double deviation, int pairs, double significance = 0.05, double power = 0.8)
    {
        if (!(significance is > 0 and < 1) || !(power < 1) || !(power > significance))
        {
            throw new ConfigException(
                $"The significance is {significance} and the power {power}; both must lie between 0 and 1, the power above the other.");
        }

        double error = deviation / Math.Sqrt(pairs), freedom = pairs - 1;
        return freedom > 0 && !double.IsNaN(error) ? Of(error, Student.Quantile(significance / 2, freedom), freedom, power) : double.NaN;
    }

    /// <summary>For an estimate with its standard error, when it has to be <paramref name="critical"/> of them from 0.</summary>
    internal static double Of(double error, double critical, double freedom, double power)
    {
        var high = critical;
        while (Student.Power(high, critical, freedom) < power)
        {
            high *= 2;
        }

        return error * RootFinding.Between(0, high, shift => Student.Power(shift, critical, freedom) - power);
    }
}
