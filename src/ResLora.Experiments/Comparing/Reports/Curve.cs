namespace ResLora.Experiments.Comparing.Reports;

/// <summary>The training loss of a run, a running mean over a twentieth of it, at some of its steps.</summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Steps">Steps done.</param>
/// <param name="Read">How much was read by then, in the report's unit.</param>
/// <param name="Seconds">How long the steps took by then.</param>
/// <param name="Losses">The loss.</param>
public sealed record Curve(
    long Seed, IReadOnlyList<int> Steps, IReadOnlyList<double> Read, IReadOnlyList<double> Seconds, IReadOnlyList<double> Losses)
{
    private const int MostPoints = 100;

    /// <summary>The curve of a run.</summary>
    internal static Curve Of(long seed, RunTrace trace)
    {
        var losses = trace.Smoothed();
        var every = Math.Max(1, (losses.Length + MostPoints - 1) / MostPoints);
        // Counted from the end, which is what runs are compared at.
        int[] kept = [.. Enumerable.Range(0, losses.Length).Where(i => (losses.Length - 1 - i) % every == 0)];
        var (read, seconds) = (Running(trace, step => step.Count), Running(trace, step => step.Seconds));
        return new Curve(
            seed,
            [.. kept.Select(i => trace.Steps[i].Step)],
            [.. kept.Select(i => read[i])],
            [.. kept.Select(i => seconds[i])],
            [.. kept.Select(i => losses[i])]);
    }

    private static double[] Running(RunTrace trace, Func<TracedStep, double> of)
    {
        var sum = 0.0;
        return [.. trace.Steps.Select(step => sum += of(step))];
    }
}
