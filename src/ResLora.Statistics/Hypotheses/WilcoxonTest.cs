using ResLora.Formats.Errors;

namespace ResLora.Statistics.Hypotheses;

/// <summary>
/// Wilcoxon's signed-rank test (1945), two-sided, with the exact distribution of the sum of ranks. Differences of 0 are left out; equal
/// ones share the mean of their ranks, and a sum between two whole numbers counts as the one nearer to the middle, as in SciPy.
/// </summary>
public static class WilcoxonTest
{
    /// <summary>The most differences other than 0: the work grows with the third power of their number.</summary>
    public const int MostPairs = 1000;

    /// <summary>The chance of a sum of ranks as far from its mean.</summary>
    /// <param name="first">Values of one side.</param>
    /// <param name="second">The other side's, in the same order.</param>
    /// <returns>p; 1 when every difference is 0.</returns>
    /// <exception cref="ConfigException">There are no pairs, more than <see cref="MostPairs"/> or not as many of both, or a value is not
    /// finite.</exception>
    public static double P(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        double[] differences = [.. PairedDifferences.Of(first, second).Where(difference => difference != 0)];
        if (differences.Length > MostPairs)
        {
            throw new ConfigException(
                $"Wilcoxon's exact test is for {MostPairs} differences at most; there are {differences.Length}: take the t test.");
        }

        var chances = Chances(differences.Length);
        var ranks = MathNet.Numerics.Statistics.ArrayStatistics.RanksInplace([.. differences.Select(Math.Abs)]);
        var positive = ranks.Where((_, i) => differences[i] > 0).Sum();
        double above = chances.Skip((int)Math.Floor(positive)).Sum(), below = chances.Take((int)Math.Ceiling(positive) + 1).Sum();
        return Math.Min(1, 2 * Math.Min(above, below));
    }

    /// <summary>The chance of each sum of ranks: every rank is in it or not, each with chance 1/2.</summary>
    private static double[] Chances(int pairs)
    {
        var chances = new double[(pairs * (pairs + 1) / 2) + 1];
        chances[0] = 1;
        for (int rank = 1, reach = 1; rank <= pairs; reach += ++rank)
        {
            for (var sum = reach; sum >= 0; sum--)
            {
                chances[sum] = (chances[sum] + (sum < rank ? 0 : chances[sum - rank])) / 2;
            }
        }

        return chances;
    }
}
