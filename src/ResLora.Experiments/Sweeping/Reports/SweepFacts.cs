using System.Globalization;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>How a sweep was made, in words.</summary>
public static class SweepFacts
{
    /// <summary>The facts, name and value.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The facts, what it cost first.</returns>
    public static IEnumerable<KeyValuePair<string, string>> Of(SweepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        yield return new("cost", Cost(report));
        yield return new("program", report.Program);
        yield return new("machine", report.Machine);
        yield return new("seeds", string.Join(", ", report.Seeds));
        yield return new("points", Points(report));
        foreach (var key in report.Keys)
        {
            yield return new(key.Key, string.Join(", ", key.Values));
        }

        yield return new(
            "halving",
            report.Rungs.Count == 0 ? "none: every point was trained to its end" : string.Join("; ", report.Rungs.Select(Describe)));
        yield return new("judged by", $"{report.Metric} on {report.ValidationSamples} validation samples; no test data was read");
        foreach (var (name, digest) in report.Sources)
        {
            yield return new($"{name} (sha256)", digest);
        }
    }

    /// <summary>What all runs cost.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The cost in words.</returns>
    public static string Cost(SweepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Points.Count * report.Seeds.Count} runs, {report.TotalSteps:N0} steps, {report.TotalSeconds:0.0} seconds of training")
            + " (evaluations and runs that failed not counted)";
    }

    /// <summary>Where points are left behind, in words.</summary>
    /// <param name="rung">The rung.</param>
    /// <returns>The words.</returns>
    public static string Describe(Rung rung)
    {
        ArgumentNullException.ThrowIfNull(rung);
        return string.Create(
            CultureInfo.InvariantCulture, $"at {rung.Share:0.##%} of a run {rung.Kept} of {rung.Entering} points go on");
    }

    private static string Points(SweepReport report)
    {
        var all = report.Keys.Aggregate(1.0, (count, key) => count * key.Values.Count);
        return report.Source == PointSource.Grid
            ? $"all {report.Points.Count} combinations"
            : string.Create(CultureInfo.InvariantCulture, $"{report.Points.Count} of {all:0} combinations, drawn at random");
    }
}
