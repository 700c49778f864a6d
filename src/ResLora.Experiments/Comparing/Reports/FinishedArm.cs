namespace ResLora.Experiments.Comparing.Reports;

/// <summary>An arm whose runs are done and measured.</summary>
/// <param name="Plan">The arm.</param>
/// <param name="Rate">Its learning rate.</param>
/// <param name="Runs">A run a seed, in the order of the seeds.</param>
internal sealed record FinishedArm(PlannedArm Plan, RateChoice Rate, IReadOnlyList<FinishedRun> Runs)
{
    /// <summary>Its name.</summary>
    public string Name => Plan.Arm.Name;
}
