using ResLora.Experiments.Comparing;

namespace ResLora.Experiments.Sweeping;

/// <summary>A point whose runs are over.</summary>
/// <param name="Point">The point.</param>
/// <param name="Cut">Where it was left behind; null when it was trained to its end.</param>
/// <param name="Runs">A run a seed, in the order of the seeds: to the rung or to the end.</param>
/// <param name="Values">What the validation data gave there, in the same order; not a number for runs that failed.</param>
internal sealed record PointRuns(PlannedPoint Point, Rung? Cut, IReadOnlyList<PlannedRun> Runs, IReadOnlyList<double> Values)
{
    /// <summary>Whether every run gave a number.</summary>
    public bool IsSound => Values.All(double.IsFinite);

    /// <summary>The mean over seeds.</summary>
    public double Mean => Values.Average();

    /// <summary>Looks at runs that are over.</summary>
    /// <param name="plan">The sweep.</param>
    /// <param name="point">The point.</param>
    /// <param name="rung">The rung that they have come to; null for their end.</param>
    public static PointRuns Of(SweepPlan plan, PlannedPoint point, Rung? rung)
    {
        PlannedRun[] runs = [.. plan.Config.Settings.Seeds.Select(seed => plan.RunOf(point, seed, rung))];
        return new PointRuns(point, rung, runs, [.. runs.Select(run => ValidationValue.Of(run, point.Point.Run.Training.BestMetric))]);
    }

    /// <summary>The better ones, the best first.</summary>
    /// <param name="points">Points that have come equally far, all of them sound.</param>
    /// <param name="isLowerBetter">Whether a lower value is better.</param>
    public static IEnumerable<PointRuns> Ordered(IEnumerable<PointRuns> points, bool isLowerBetter) =>
        points.OrderBy(point => isLowerBetter ? point.Mean : -point.Mean);
}
