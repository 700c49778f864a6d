using ResLora.Statistics;
using ResLora.Statistics.Intervals;

namespace ResLora.Experiments.Workloads;

/// <summary>How many of how many answers were right, and how sure that is.</summary>
/// <param name="Correct">Right answers.</param>
/// <param name="Total">All answers, at least one.</param>
public sealed record Score(int Correct, int Total)
{
    /// <summary>The share of right answers, 0 to 1.</summary>
    public double Accuracy => (double)Correct / Total;

    /// <summary>The lower end of the 95 % interval.</summary>
    public double Low => Interval.Low;

    /// <summary>The upper end of the 95 % interval.</summary>
    public double High => Interval.High;

    /// <summary>Wilson's, which means something for few samples, too, and for shares near 0 and 1.</summary>
    private Interval Interval => ProportionInterval.Wilson(Correct, Total);
}
