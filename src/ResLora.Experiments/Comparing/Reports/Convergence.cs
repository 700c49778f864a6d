namespace ResLora.Experiments.Comparing.Reports;

/// <summary>From when on a run's training loss, as a running mean, stayed down to the one that the reference ended with.</summary>
/// <param name="Steps">Steps done.</param>
/// <param name="Read">How much was read.</param>
/// <param name="Seconds">How long the steps took.</param>
internal sealed record Convergence(int Steps, double Read, double Seconds)
{
    /// <summary>Finds it; null when the run never came so far.</summary>
    /// <param name="run">What the run logged.</param>
    /// <param name="reference">What the reference's run of the same seed logged.</param>
    public static Convergence? Of(RunTrace run, RunTrace reference)
    {
        var (losses, goal) = (run.Smoothed(), reference.Smoothed()[^1]);
        // Batches differ in how hard they are: to be below it for once is chance.
        var place = Array.FindLastIndex(losses, loss => !(loss <= goal)) + 1;
        return place == losses.Length
            ? null
            : new Convergence(
                run.Steps[place].Step,
                run.Steps.Take(place + 1).Sum(step => step.Count),
                run.Steps.Take(place + 1).Sum(step => step.Seconds));
    }
}
