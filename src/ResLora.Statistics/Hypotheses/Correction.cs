using ResLora.Formats.Errors;

namespace ResLora.Statistics.Hypotheses;

/// <summary>p values of a family of tests, made larger for there being several of them.</summary>
public static class Correction
{
    /// <summary>
    /// Holm's (1979): with p₁ ≤ … ≤ p_m, the i-th becomes the largest of (m − j + 1) · pⱼ for j ≤ i. Below a level, it is a false alarm in
    /// at most that share of families, whatever the tests have in common.
    /// </summary>
    /// <param name="p">The p values, each 0 to 1.</param>
    /// <returns>The corrected ones in the same order, at most 1.</returns>
    /// <exception cref="ConfigException">A p value is not between 0 and 1.</exception>
    public static IReadOnlyList<double> Holm(IReadOnlyList<double> p)
    {
        var order = Order(p);
        var corrected = new double[p.Count];
        var largest = 0.0;
        for (var i = 0; i < order.Length; i++)
        {
            largest = Math.Max(largest, Math.Min(1, (p.Count - i) * p[order[i]]));
            corrected[order[i]] = largest;
        }

        return corrected;
    }

    /// <summary>
    /// Benjamini's and Hochberg's (1995): the i-th becomes the smallest of m / j · pⱼ for j ≥ i. Of those below a level, that share is
    /// expected to be false alarms.
    /// </summary>
    /// <param name="p">The p values, each 0 to 1.</param>
    /// <returns>The corrected ones in the same order, at most 1.</returns>
    /// <exception cref="ConfigException">A p value is not between 0 and 1.</exception>
    public static IReadOnlyList<double> BenjaminiHochberg(IReadOnlyList<double> p)
    {
        var order = Order(p);
        var corrected = new double[p.Count];
        var smallest = 1.0;
        for (var i = order.Length - 1; i >= 0; i--)
        {
            smallest = Math.Min(smallest, p[order[i]] * p.Count / (i + 1));
            corrected[order[i]] = smallest;
        }

        return corrected;
    }

    private static int[] Order(IReadOnlyList<double> p)
    {
        ArgumentNullException.ThrowIfNull(p);
        var bad = Enumerable.Range(0, p.Count).FirstOrDefault(i => !(p[i] is >= 0 and <= 1), -1);
        return bad < 0
            ? [.. Enumerable.Range(0, p.Count).OrderBy(i => p[i])]
            : throw new ConfigException($"p value {bad + 1} is {p[bad]}; it must lie between 0 and 1.");
    }
}
