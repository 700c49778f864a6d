using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;
using ResLora.Formats;
using ResLora.Formats.Errors;

namespace ResLora.Statistics.Intervals;

/// <summary>
/// Intervals of any figure of a sample, from the same figure of many samples drawn from it with replacement (Efron 1979). Seeded: the same
/// input gives the same bounds.
/// </summary>
public static class Bootstrap
{
    /// <summary>The default number of samples drawn.</summary>
    public const int DefaultResamples = 10_000;

    /// <summary>The percentile interval: the figure's own quantiles over the samples.</summary>
    /// <param name="values">The sample, at least two.</param>
    /// <param name="figure">The figure of a sample; may change the array that it is given.</param>
    /// <param name="confidence">Above 0 and below 1; default 0.95.</param>
    /// <param name="resamples">How many samples are drawn.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <returns>The bounds.</returns>
    /// <exception cref="ConfigException">There are fewer than two values.</exception>
    public static Interval Percentile(
        IReadOnlyList<double> values,
        Func<double[], double> figure,
        double confidence = 0.95,
        int resamples = DefaultResamples,
        ulong seed = 0)
    {
        var drawn = Drawn(values, figure, resamples, seed);
        var tail = (1 - confidence) / 2;
        return new Interval(Quantile(drawn, tail), Quantile(drawn, 1 - tail));
    }

    /// <summary>
    /// The bias-corrected and accelerated interval (Efron 1987): quantiles at Φ(z₀ + (z₀ + z) / (1 − a (z₀ + z))), with z₀ from the share
    /// of samples below the figure and a from leaving out one value at a time.
    /// </summary>
    /// <param name="values">The sample, at least two.</param>
    /// <param name="figure">The figure of a sample; may change the array that it is given.</param>
    /// <param name="confidence">Above 0 and below 1; default 0.95.</param>
    /// <param name="resamples">How many samples are drawn.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <returns>The bounds; not a number when the figure is the same of every sample.</returns>
    /// <exception cref="ConfigException">There are fewer than two values.</exception>
    public static Interval Bca(
        IReadOnlyList<double> values,
        Func<double[], double> figure,
        double confidence = 0.95,
        int resamples = DefaultResamples,
        ulong seed = 0)
    {
        var drawn = Drawn(values, figure, resamples, seed);
        var own = figure([.. values]);
        var bias = Normal.InvCDF(0, 1, (drawn.Count(x => x < own) + drawn.Count(x => x <= own)) / (2.0 * resamples));
        var acceleration = Acceleration(values, figure);
        var tail = (1 - confidence) / 2;
        return new Interval(Bound(tail), Bound(1 - tail));

        double Bound(double level)
        {
            var z = bias + Normal.InvCDF(0, 1, level);
            return Quantile(drawn, Normal.CDF(0, 1, bias + (z / (1 - (acceleration * z)))));
        }
    }

    private static double Acceleration(IReadOnlyList<double> values, Func<double[], double> figure)
    {
        double[] without = [.. Enumerable.Range(0, values.Count).Select(left => figure([.. values.Where((_, i) => i != left)]))];
        var mean = without.Mean();
        double squares = 0, cubes = 0;
        foreach (var distance in without.Select(one => mean - one))
        {
            squares += distance * distance;
            cubes += distance * distance * distance;
        }

        return cubes / (6 * Math.Pow(squares, 1.5));
    }

    /// <summary>The figure of each sample, in order.</summary>
    private static double[] Drawn(IReadOnlyList<double> values, Func<double[], double> figure, int resamples, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(figure);
        if (values.Count < 2)
        {
            throw new ConfigException($"A bootstrap needs two values at least; there are {values.Count}.");
        }

        var random = new StableRandom(seed);
        var sample = new double[values.Count];
        var figures = new double[resamples];
        for (var i = 0; i < resamples; i++)
        {
            for (var j = 0; j < sample.Length; j++)
            {
                sample[j] = values[(int)(random.Next() % (ulong)values.Count)];
            }

            figures[i] = figure(sample);
        }

        Array.Sort(figures);
        return figures;
    }

    // Between two neighbours in proportion, as NumPy's default.
    private static double Quantile(double[] ordered, double level) =>
        double.IsNaN(level) ? double.NaN : SortedArrayStatistics.QuantileCustom(ordered, level, QuantileDefinition.R7);
}
