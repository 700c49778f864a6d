namespace ResLora.Experiments.Comparing.Reports;

/// <summary>An arm's training loss: the mean of its seeds, and what they lie between.</summary>
/// <param name="Name">The arm.</param>
/// <param name="X">What it is drawn over.</param>
/// <param name="Mean">The mean of the seeds.</param>
/// <param name="Low">The least of the seeds.</param>
/// <param name="High">The most of the seeds.</param>
internal sealed record CurveBand(string Name, double[] X, double[] Mean, double[] Low, double[] High)
{
    // The first steps of all arms are alike and tower above all that follows.
    private const double Beginning = 0.05;

    /// <summary>The curves of a report, an arm each.</summary>
    /// <param name="report">The report.</param>
    /// <param name="axis">What they are drawn over.</param>
    public static IReadOnlyList<CurveBand> Of(ComparisonReport report, CurveAxis axis) => [.. report.Arms.Select(arm => Of(arm, axis))];

    /// <summary>The losses that a picture should show: all, the beginning left out.</summary>
    /// <param name="bands">The curves.</param>
    public static (double Least, double Most) Shown(IReadOnlyList<CurveBand> bands)
    {
        var shown = bands
            .SelectMany(band => band.Low.Concat(band.High).Where((_, i) => i % band.X.Length >= (int)(Beginning * band.X.Length)))
            .Where(double.IsFinite)
            .DefaultIfEmpty(0)
            .ToArray();
        return (shown.Min(), shown.Max());
    }

    /// <summary>The label of an axis.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="report">The report.</param>
    public static string Title(CurveAxis axis, ComparisonReport report) => axis switch
    {
        CurveAxis.Steps => "steps",
        CurveAxis.Read => report.ReadUnit,
        _ => "seconds",
    };

    private static CurveBand Of(ArmReport arm, CurveAxis axis)
    {
        // Runs of a comparison have as many steps, so that their points are those of the same steps.
        var points = arm.Curves.Min(curve => curve.Losses.Count);
        double[] Each(Func<Curve, int, double> value, Func<IEnumerable<double>, double> join) =>
            [.. Enumerable.Range(0, points).Select(i => join(arm.Curves.Select(curve => value(curve, i))))];
        double Loss(Curve curve, int i) => curve.Losses[i];
        return new CurveBand(
            arm.Name,
            Each(
                (curve, i) => axis switch { CurveAxis.Steps => curve.Steps[i], CurveAxis.Read => curve.Read[i], _ => curve.Seconds[i] },
                Enumerable.Average),
            Each(Loss, Enumerable.Average), Each(Loss, Enumerable.Min), Each(Loss, Enumerable.Max));
    }
}
