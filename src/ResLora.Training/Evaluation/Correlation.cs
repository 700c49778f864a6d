namespace ResLora.Training.Evaluation;

/// <summary>
/// Correlations of two lists of numbers, as SciPy defines them: not a number when one list is constant or holds something that is not a
/// number.
/// </summary>
public static class Correlation
{
    /// <summary>Pearson's correlation, Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² Σ (y − ȳ)²).</summary>
    /// <param name="first">Some numbers.</param>
    /// <param name="second">As many.</param>
    /// <returns>−1 to 1, or not a number when a list is constant (a single pair too) or a number is not finite.</returns>
    /// <exception cref="ArgumentException">There are none, or not as many of both.</exception>
    public static double Pearson(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        RequireAsMany(first.Count, second.Count);

        // Compared, not computed: the mean of equal numbers may be off by a rounding, which would leave a variance above 0.
        if (first.All(x => x == first[0]) || second.All(y => y == second[0]))
        {
            return double.NaN;
        }

        double firstMean = first.Average(), secondMean = second.Average();
        double both = 0, firstSquares = 0, secondSquares = 0;
        for (var i = 0; i < first.Count; i++)
        {
            double x = first[i] - firstMean, y = second[i] - secondMean;
            both += x * y;
            firstSquares += x * x;
            secondSquares += y * y;
        }

        return Math.Clamp(both / (Math.Sqrt(firstSquares) * Math.Sqrt(secondSquares)), -1, 1);
    }

    /// <summary>Spearman's correlation: Pearson's of the ranks, equal numbers sharing the mean of their ranks.</summary>
    /// <param name="first">Some numbers.</param>
    /// <param name="second">As many.</param>
    /// <returns>−1 to 1, or not a number when a list is constant (a single pair too) or holds something that is not a number.</returns>
    /// <exception cref="ArgumentException">There are none, or not as many of both.</exception>
    public static double Spearman(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return first.Concat(second).Any(double.IsNaN) ? double.NaN : Pearson(Ranks(first), Ranks(second));
    }

    /// <summary>
    /// Kendall's τ_b (1945): the pairs in the same order less those in the other, over the root of the pairs that differ in the first list
    /// times those that differ in the second. It looks at every pair.
    /// </summary>
    /// <param name="first">Some numbers.</param>
    /// <param name="second">As many.</param>
    /// <returns>−1 to 1, or not a number when a list is constant (a single pair too) or holds something that is not a number.</returns>
    /// <exception cref="ArgumentException">There are none, or not as many of both.</exception>
    public static double KendallB(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        RequireAsMany(first.Count, second.Count);
        if (first.Concat(second).Any(double.IsNaN))
        {
            return double.NaN;
        }

        double agreeing = 0, differInFirst = 0, differInSecond = 0;
        for (var i = 1; i < first.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                int x = first[i].CompareTo(first[j]), y = second[i].CompareTo(second[j]);
                agreeing += x * y;
                differInFirst += x * x;
                differInSecond += y * y;
            }
        }

        return agreeing / (Math.Sqrt(differInFirst) * Math.Sqrt(differInSecond));
    }

    internal static void RequireAsMany(int first, int second)
    {
        if (first == 0 || first != second)
        {
            throw new ArgumentException(
                $"There are {first} expected and {second} predicted values; there must be as many of both, and one at least.");
        }
    }

    /// <summary>The place of each number in rising order, from 1; equal ones share the mean of theirs.</summary>
    internal static double[] Ranks(IReadOnlyList<double> values)
    {
        var ranks = new double[values.Count];
        var before = 0;
        foreach (var equal in Enumerable.Range(0, values.Count).GroupBy(i => values[i]).OrderBy(group => group.Key))
        {
            // Ranks before + 1 to before + count.
            var count = equal.Count();
            foreach (var i in equal)
            {
                ranks[i] = before + ((count + 1) / 2.0);
            }

            before += count;
        }

        return ranks;
    }
}
