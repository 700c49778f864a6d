using MathNet.Numerics.Statistics;
using ResLora.Formats.Errors;

namespace ResLora.Statistics.Hypotheses;

/// <summary>Student's t test of paired values (Student 1908), two-sided, with its interval.</summary>
/// <param name="Mean">The mean difference d̄, second − first.</param>
/// <param name="Deviation">The standard deviation s of the differences (n − 1); not a number for one pair.</param>
/// <param name="T">t = d̄ / (s / √n); not a number when there is one pair or every difference is 0.</param>
/// <param name="P">The chance of a |t| as large when the true mean is 0; 0 when all differences are equal and not 0.</param>
/// <param name="Freedom">n − 1.</param>
/// <param name="Interval">95 %, or what was asked for.</param>
public sealed record PairedTTest(double Mean, double Deviation, double T, double P, int Freedom, Interval Interval)
{
    /// <summary>Runs it.</summary>
    /// <param name="first">Values of one side.</param>
    /// <param name="second">The other side's, in the same order.</param>
    /// <param name="confidence">The interval's, above 0 and below 1; default 0.95.</param>
    /// <returns>The result; as SciPy has it, not a number where there is no answer.</returns>
    /// <exception cref="ConfigException">There are no pairs, or not as many of both, or a value is not finite.</exception>
    public static PairedTTest Of(IReadOnlyList<double> first, IReadOnlyList<double> second, double confidence = 0.95)
    {
        var differences = PairedDifferences.Of(first, second);
        var freedom = differences.Length - 1;
        double mean = differences.Mean(), deviation = differences.StandardDeviation();
        var error = deviation / Math.Sqrt(differences.Length);
        var t = mean / error;
        var half = Student.Quantile((1 - confidence) / 2, freedom) * error;
        var p = 2 * Student.Above(Math.Abs(t), freedom);
        return new PairedTTest(mean, deviation, t, p, freedom, new Interval(mean - half, mean + half));
    }
}
