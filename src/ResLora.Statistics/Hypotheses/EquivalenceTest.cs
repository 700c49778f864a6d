using ResLora.Formats.Errors;

namespace ResLora.Statistics.Hypotheses;

/// <summary>
/// Two one-sided t tests (Schuirmann 1987): that a mean difference is neither below −margin nor above it.
/// </summary>
public static class EquivalenceTest
{
    /// <summary>The larger p of the two tests, for paired values.</summary>
    /// <param name="first">Values of one side.</param>
    /// <param name="second">The other side's, in the same order.</param>
    /// <param name="margin">The largest difference that does not matter, above 0, in the values' unit.</param>
    /// <returns>p: small when the sides are equal within the margin; not a number for one pair.</returns>
    /// <exception cref="ConfigException">The margin is not above 0; or as for <see cref="PairedTTest.Of"/>.</exception>
    public static double P(IReadOnlyList<double> first, IReadOnlyList<double> second, double margin)
    {
        if (!(margin > 0) || !double.IsFinite(margin))
        {
            throw new ConfigException($"The margin of equivalence is {margin}; it must be above 0.");
        }

        var test = PairedTTest.Of(first, second);
        return Student.Above((margin - Math.Abs(test.Mean)) / (test.Deviation / Math.Sqrt(first.Count)), test.Freedom);
    }
}
