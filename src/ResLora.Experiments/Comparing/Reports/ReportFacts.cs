using System.Globalization;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>How a comparison was made, in words.</summary>
internal static class ReportFacts
{
    /// <summary>The facts, name and value.</summary>
    /// <param name="report">The report.</param>
    public static IEnumerable<KeyValuePair<string, string>> Of(ComparisonReport report)
    {
        var tried = report.Arms.Max(arm => arm.Tried.Count);
        yield return new("program", report.Program);
        yield return new("machine", report.Machine);
        yield return new("seeds", string.Join(", ", report.Seeds));
        yield return new(
            "fairness",
            string.Create(CultureInfo.InvariantCulture, $"with each seed every arm made {report.Steps} steps, read the same {report.ReadUnit} ")
                + $"in the same order ({string.Join(", ", report.ReadBySeed.Select(count => count.ToString("N0", CultureInfo.InvariantCulture)))}) "
                + "and was evaluated at the same steps, by what the runs logged");
        yield return new("learning rates", tried == 0 ? "not searched: each arm has that of its settings" : $"{tried} tried for each arm");
        yield return new("test data", "no model was measured on it before all were trained; then each was, once");
        foreach (var (name, digest) in report.Sources)
        {
            yield return new($"{name} (sha256)", digest);
        }

        foreach (var arm in report.Arms)
        {
            yield return new(
                arm.Name, arm.Set.Count == 0 ? "the run as it is" : string.Join(", ", arm.Set.Select(setting => $"`{setting}`")));
        }
    }
}
