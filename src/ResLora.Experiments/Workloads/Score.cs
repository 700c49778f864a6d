namespace ResLora.Experiments.Workloads;

/// <summary>How many of how many answers were right, and how sure that is.</summary>
/// <param name="Correct">Right answers.</param>
/// <param name="Total">All answers, at least one.</param>
public sealed record Score(int Correct, int Total)
{
    /// <summary>The share of right answers, 0 to 1.</summary>
    public double Accuracy => (double)Correct / Total;

    /// <summary>The lower end of the 95 % interval.</summary>
    public double Low => Bound(-1);

    /// <summary>The upper end of the 95 % interval.</summary>
    public double High => Bound(+1);

    /// <summary>
    /// Wilson's score interval: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n) with z = 1.96. Unlike p ± z·σ it stays within
    /// 0 and 1 and means something for few samples and for shares near 0 and 1.
    /// </summary>
    private double Bound(int side)
    {
        const double z = 1.959964;
        double n = Total;
        var p = Accuracy;
        var half = z * Math.Sqrt((p * (1 - p) / n) + (z * z / (4 * n * n)));
        return Math.Clamp((p + (z * z / (2 * n)) + (side * half)) / (1 + (z * z / n)), 0, 1);
    }
}
