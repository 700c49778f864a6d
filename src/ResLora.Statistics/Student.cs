using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace ResLora.Statistics;

/// <summary>Student's t distribution, central and not.</summary>
internal static class Student
{
    /// <summary>The chance of a t above the given one.</summary>
    /// <param name="t">Any number; infinite for a difference without spread.</param>
    /// <param name="freedom">Degrees of freedom, above 0; need not be whole.</param>
    public static double Above(double t, double freedom) =>
        !(freedom > 0) || double.IsNaN(t) ? double.NaN
        : double.IsInfinity(t) ? (t > 0 ? 0 : 1)
        : StudentT.CDF(0, 1, freedom, -t);

    /// <summary>The t that is exceeded with a given chance.</summary>
    /// <param name="tail">The chance, above 0 and below 0.5.</param>
    /// <param name="freedom">Degrees of freedom; not a number gives none.</param>
    public static double Quantile(double tail, double freedom)
    {
        if (!(freedom > 0))
        {
            return double.NaN;
        }

        // MathNet's own inverse stops at 800, which one degree of freedom and a family of comparisons go beyond.
        var high = 1.0;
        while (Above(high, freedom) > tail)
        {
            high *= 2;
        }

        return RootFinding.Between(0, high, t => tail - Above(t, freedom));
    }

    /// <summary>
    /// The power of a two-sided test: the chance that |T| exceeds the critical value when the mean lies <paramref name="shift"/> standard
    /// errors from 0. T = (Z + δ) / S with S² = χ²_ν / ν, so the chance is the mean over S of Φ(δ − cS) + Φ(−δ − cS).
    /// </summary>
    /// <param name="shift">δ, in standard errors.</param>
    /// <param name="critical">c, above 0.</param>
    /// <param name="freedom">ν.</param>
    public static double Power(double shift, double critical, double freedom)
    {
        // The density of S, whose logarithm is (ν − 1) ln s − ν s² / 2 and a constant; beyond nine deviations there is nothing left.
        var constant = (freedom / 2 * Math.Log(freedom / 2)) - SpecialFunctions.GammaLn(freedom / 2) + Math.Log(2);
        var reach = 9 / Math.Sqrt(2 * freedom);
        return Integrate.GaussLegendre(
            s => s <= 0 ? 0 : Math.Exp(constant + ((freedom - 1) * Math.Log(s)) - (freedom * s * s / 2))
                * (Normal.CDF(0, 1, shift - (critical * s)) + Normal.CDF(0, 1, -shift - (critical * s))),
            Math.Max(0, 1 - reach), 1 + reach, order: 64);
    }
}
