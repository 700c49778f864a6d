using ResLora.Formats.Errors;

namespace ResLora.Statistics.Hypotheses;

/// <summary>
/// The exact sign-flip test of paired values (Fisher 1935): if the sides are alike, each difference may as well have the other sign.
/// </summary>
public static class SignFlipTest
{
    /// <summary>The most pairs: all 2ⁿ signs are gone through.</summary>
    public const int MostPairs = 24;

    // Sums of the same differences in another order may be a few roundings apart.
    private const double Rounding = 1e-12;

    /// <summary>The share of all 2ⁿ signs whose sum is as far from 0 as the one that was seen.</summary>
    /// <param name="first">Values of one side.</param>
    /// <param name="second">The other side's, in the same order.</param>
    /// <returns>p, 2 / 2ⁿ at least and at most 1.</returns>
    /// <exception cref="ConfigException">There are no pairs, more than <see cref="MostPairs"/> or not as many of both, or a value is not
    /// finite.</exception>
    public static double P(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        var differences = PairedDifferences.Of(first, second);
        if (differences.Length > MostPairs)
        {
            throw new ConfigException(
                $"The exact sign-flip test goes through 2ⁿ signs, of {MostPairs} pairs at most; there are {differences.Length}: "
                + "take the t test.");
        }

        var seen = Math.Abs(differences.Sum()) - (Rounding * differences.Sum(Math.Abs));
        long asFar = 0;
        var all = 1L << differences.Length;
        for (var signs = 0L; signs < all; signs++)
        {
            var sum = 0.0;
            for (var i = 0; i < differences.Length; i++)
            {
                sum += (signs >> i & 1) == 0 ? differences[i] : -differences[i];
            }

            asFar += Math.Abs(sum) >= seen ? 1 : 0;
        }

        return (double)asFar / all;
    }
}
