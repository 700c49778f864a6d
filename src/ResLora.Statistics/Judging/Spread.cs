using MathNet.Numerics.Statistics;
using ResLora.Formats;

namespace ResLora.Statistics.Judging;

/// <summary>How far a score would move with other items, in its unit squared.</summary>
/// <param name="Own">The variance that each seed has for itself.</param>
/// <param name="Shared">The covariance of two seeds, which have their items in common; 0 for one seed.</param>
internal sealed record Spread(double Own, double Shared)
{
    /// <summary>Of scores that are means of their items.</summary>
    /// <param name="outcomes">[seeds][items].</param>
    public static Spread OfMeans(double[][] outcomes) => Of(outcomes, 1.0 / outcomes[0].Length);

    /// <summary>Of any scores, from draws of items with replacement.</summary>
    /// <param name="scores">[seeds][draws]: the score of each seed over the same draws.</param>
    /// <param name="items">How many items there are.</param>
    public static Spread OfDraws(double[][] scores, int items) => Of(scores, items / (items - 1.0));

    /// <summary>Draws of items, each as many as there are, with replacement.</summary>
    public static int[][] Draws(int items, int count, ulong seed)
    {
        var random = new StableRandom(seed);
        var draws = new int[count][];
        for (var i = 0; i < count; i++)
        {
            draws[i] = new int[items];
            for (var j = 0; j < items; j++)
            {
                draws[i][j] = (int)(random.Next() % (ulong)items);
            }
        }

        return draws;
    }

    private static Spread Of(double[][] values, double factor)
    {
        double seeds = values.Length, own = values.Sum(seed => seed.Variance()) * factor / seeds;
        if (values.Length == 1)
        {
            return new Spread(own, 0);
        }

        // The variance of the sum over seeds holds every covariance twice, and every variance once.
        var sum = Enumerable.Range(0, values[0].Length).Select(i => values.Sum(seed => seed[i])).Variance() * factor;
        var shared = Math.Max(0, (sum - (seeds * own)) / (seeds * (seeds - 1)));
        return new Spread(Math.Max(0, own - shared), shared);
    }
}
