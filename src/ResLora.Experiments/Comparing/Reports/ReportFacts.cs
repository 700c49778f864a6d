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
        if (Types(report) is { Length: > 0 } types)
        {
            yield return new("computed in", types);
        }

        yield return new("seeds", string.Join(", ", report.Seeds));
        yield return new(
            "fairness",
            string.Create(CultureInfo.InvariantCulture, $"with each seed every arm made {report.Steps} steps, read the same {report.ReadUnit} ")
                + $"in the same order ({string.Join(", ", report.ReadBySeed.Select(count => count.ToString("N0", CultureInfo.InvariantCulture)))}) "
                + "and was evaluated at the same steps, by what the runs logged");
        yield return new("learning rates", tried == 0 ? "not searched: each arm has that of its settings" : $"{tried} tried for each arm");
        var order = report.ChangedSince.Count == 0
            ? "no model was measured on it before all were trained; then each was, once"
            : $"measured once all runs of a first verdict were trained; since then {string.Join("; ", report.ChangedSince)}";
        yield return new("test data", $"{order}{Seen(report)}");
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

    private static string Types(ComparisonReport report) => string.Join(
        "; ",
        report.Arms.Where(arm => arm.DataType is not null).GroupBy(arm => arm.DataType).Select((group, i) =>
            i == 0 ? group.Key! : $"{string.Join(", ", group.Select(arm => arm.Name))} in {group.Key}"));

    private static string Seen(ComparisonReport report) => report.SeenTests is { } seen ? $"; {seen.Fact}" : "";
}
