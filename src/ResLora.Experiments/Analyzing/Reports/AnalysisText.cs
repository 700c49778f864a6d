using System.Globalization;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Formats.Files;

namespace ResLora.Experiments.Analyzing.Reports;

/// <summary>analysis.md, made from the report alone.</summary>
internal static class AnalysisText
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="report">The report.</param>
    public static void Write(string path, AnalysisReport report) => AtomicFile.WriteText(path, Of(report));

    /// <summary>The report as Markdown.</summary>
    /// <param name="report">The report.</param>
    public static string Of(AnalysisReport report) => new ReportPage(
        $"{report.Task}: gradients of {string.Join(", ", report.Arms.Select(arm => arm.Name))}",
        [.. report.Findings.Select(finding => finding.TrimEnd('.'))],
        [SummaryTable.Of(report), Pictures(report)],
        [.. Facts(report)],
        report.Config).Markdown();

    private static ReportTable Pictures(AnalysisReport report) => new(
        "Pictures",
        "Layers upwards, steps to the right; grey where there is nothing. All panels of a picture have one scale.",
        ["what", "picture"],
        [
            .. Quantity.All.Where(quantity => HeatMaps.Of(report, quantity).Count > 0).Select(quantity => (IReadOnlyList<ReportCell>)
                [new(quantity.Title), new($"![{quantity.Key}]({HeatMaps.FileOf("plots", quantity).Replace('\\', '/')})")]),
        ]);

    private static IEnumerable<KeyValuePair<string, string>> Facts(AnalysisReport report)
    {
        var deviation = report.Arms.Max(arm => arm.Summary.Deviation).ToString("0.0e+0", CultureInfo.InvariantCulture);
        yield return new("program", report.Program);
        yield return new("machine", report.Machine);
        yield return new("seed", report.Seed.ToString(CultureInfo.InvariantCulture));
        yield return new("measured after steps", string.Join(", ", report.Arms[0].Steps.Select(step => step.Step)));
        yield return new(
            "measured on",
            $"the first {report.Samples} held-out samples that have anything to predict, one batch, without dropout");
        yield return new(
            "check",
            $"the terms derived by hand sum to what automatic differentiation gives, within {deviation} of a block's gradients (of 1e-6 in "
            + "float32, of 1e-2 in bfloat16)");
        foreach (var (name, digest) in report.Sources)
        {
            yield return new($"{name} (sha256)", digest);
        }

        foreach (var arm in report.Arms)
        {
            yield return new(arm.Name, string.Join(", ", arm.Set.Select(setting => $"`{setting}`")));
        }
    }
}
