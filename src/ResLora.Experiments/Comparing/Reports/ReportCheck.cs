using System.Globalization;
using ResLora.Statistics.Judging;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>Whether a comparison that is repeated agrees with an earlier one.</summary>
public static class ReportCheck
{
    // Runs are equal bit for bit on an equal machine with as many threads; on another one roundings differ.
    private const double Tolerance = 1e-9;
    private const string None = "none";

    /// <summary>
    /// What differs: settings, arms, seeds, verdicts, digests of files, and figures but for those of time and memory, which no two runs
    /// have in common.
    /// </summary>
    /// <param name="earlier">The report that is to be confirmed.</param>
    /// <param name="report">The report of the repetition.</param>
    /// <returns>The differences; none when they agree.</returns>
    public static IReadOnlyList<ReportDifference> Of(ComparisonReport earlier, ComparisonReport report)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        ArgumentNullException.ThrowIfNull(report);
        List<ReportDifference> found =
        [
            .. Texts("", "task", earlier.Task, report.Task),
            .. Texts("", "seeds", string.Join(", ", earlier.Seeds), string.Join(", ", report.Seeds)),
            .. Texts(
                "",
                "arms",
                string.Join(", ", earlier.Arms.Select(arm => arm.Name)),
                string.Join(", ", report.Arms.Select(arm => arm.Name))),
            .. Texts("", "reference", earlier.Reference, report.Reference),
            .. earlier.Sources.Keys.Union(report.Sources.Keys)
                .SelectMany(name =>
                    Texts(
                        "",
                        $"{name} (sha256)",
                        earlier.Sources.GetValueOrDefault(name, None),
                        report.Sources.GetValueOrDefault(name, None))),
            .. SettingsCheck.Of(earlier.Config, report.Config)
                .Select(setting => new ReportDifference("", setting.Key, null, setting.Earlier, setting.Now, null)),
        ];
        foreach (var (expected, arm) in earlier.Arms.Join(report.Arms, arm => arm.Name, arm => arm.Name, (a, b) => (a, b)))
        {
            found.AddRange(Arm(expected, arm, earlier.Seeds, report.Seeds));
        }

        found.AddRange(Conclusions("verdict", earlier.Verdicts, report.Verdicts));
        found.AddRange(Conclusions("verdict by loss", earlier.LossVerdicts, report.LossVerdicts));
        found.AddRange(Conclusions("verdict by training loss", earlier.LearningVerdicts, report.LearningVerdicts));
        return found;
    }

    /// <summary>A report of an earlier version may not have judged by this at all.</summary>
    private static IEnumerable<ReportDifference> Conclusions(string name, IReadOnlyList<Verdict> earlier, IReadOnlyList<Verdict> now)
    {
        static string Of(IReadOnlyList<Verdict> verdicts, string arm) =>
            verdicts.SingleOrDefault(one => one.Arm == arm)?.Conclusion.ToString() ?? None;
        return earlier.Count == 0
            ? []
            : earlier.Concat(now).Select(one => one.Arm).Distinct().SelectMany(arm => Texts(arm, name, Of(earlier, arm), Of(now, arm)));
    }

    private static IEnumerable<ReportDifference> Arm(
        ArmReport expected, ArmReport arm, IReadOnlyList<long> earlierSeeds, IReadOnlyList<long> seeds)
    {
        static string Rate(ArmReport of) => of.LearningRate.ToString("R", CultureInfo.InvariantCulture);
        return Texts(arm.Name, "settings", string.Join(", ", expected.Set), string.Join(", ", arm.Set))
            .Concat(Texts(arm.Name, "learning rate", Rate(expected), Rate(arm)))
            .Concat(FigureKind.All.Where(kind => !kind.IsOfMachine).SelectMany(kind => Figures(expected, earlierSeeds, arm, seeds, kind)));
    }

    /// <summary>The figures of the seeds that both have; what one lacks is told of the seeds.</summary>
    private static IEnumerable<ReportDifference> Figures(
        ArmReport expected, IReadOnlyList<long> earlierSeeds, ArmReport arm, IReadOnlyList<long> seeds, FigureKind kind)
    {
        static Dictionary<long, double?> BySeed(ArmReport of, IReadOnlyList<long> seeds, FigureKind kind) =>
            seeds.Zip(of.Figures.GetValueOrDefault(kind.Key)?.Values ?? []).ToDictionary(one => one.First, one => one.Second);
        var (theirs, ours) = (BySeed(expected, earlierSeeds, kind), BySeed(arm, seeds, kind));
        return earlierSeeds.Intersect(seeds)
            .Select(seed => (Seed: seed, Their: theirs.GetValueOrDefault(seed), Our: ours.GetValueOrDefault(seed)))
            .Where(one => !Agree(one.Their, one.Our))
            .Select(one => new ReportDifference(arm.Name, kind.Key, one.Seed, Number(one.Their), Number(one.Our), one.Our - one.Their));
    }

    private static bool Agree(double? expected, double? found) =>
        expected == found || (
            expected is { } a && found is { } b && (a.Equals(b) || Math.Abs(a - b) <= Tolerance * Math.Max(1, Math.Abs(a))));

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? None;

    private static IEnumerable<ReportDifference> Texts(string arm, string name, string expected, string found) =>
        expected == found ? [] : [new ReportDifference(arm, name, null, expected, found, null)];
}
