using System.Globalization;
using ResLora.Formats;
using ResLora.Statistics.Judging;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>The tables of a report, which the terminal, report.md and report.html all show.</summary>
public static class ReportTables
{
    private const string Never = " never: with that seed it did not come down so far.";

    /// <summary>Makes the tables, those without any figure left out.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The tables, the scores first.</returns>
    public static IReadOnlyList<ReportTable> Of(ComparisonReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        ReportTable[] all =
        [
            Scores(report),
            .. report.Score.IsLowerBetter ? Array.Empty<ReportTable>() : [Losses(report)],
            Learning(report),
            Figures(
                report,
                "Training loss at the end",
                $"In {report.LossUnit}; a running mean over a twentieth of a run.",
                FigureKind.TrainLoss),
            Sooner(report),
            Figures(
                report,
                "Merged",
                "The shortcuts are merged away, as for use elsewhere; an exact merge costs nothing but rounding.",
                FigureKind.MergedScore,
                FigureKind.MergedLoss,
                FigureKind.MergeCost),
            Figures(
                report,
                "Forgetting",
                $"Loss on the general text in {report.LossUnit}; "
                    + $"the base model has {FigureText.Of(report.Base.GeneralLoss, FigureStyle.Number)}.",
                FigureKind.General,
                FigureKind.Forgotten),
            Size(report),
            Tried(report),
            BySeed(report),
        ];
        return [.. all.Where(table => table.Rows.Count > 0)];
    }

    /// <summary>The scores with the verdicts.</summary>
    /// <param name="report">The report.</param>
    /// <returns>The table.</returns>
    public static ReportTable Scores(ComparisonReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var direction = report.Score.IsLowerBetter ? "lower is better" : "higher is better";
        var unlearnt = report.Base.Score is { } score ? $" The base model has {FigureText.Of(score, FigureStyle.Number)}." : "";
        return Judged(
            report,
            "Scores",
            $"{Capital(report.Score.Name)} ({report.Score.Unit}, {direction}) on {report.TestSamples} test samples, {Seeds(report)}: "
                + "mean and 95 % interval over seeds and samples. "
                + $"Better by: above 0 where the arm is better than {report.Reference}. "
                + $"p after Holm's correction for all comparisons.{unlearnt}",
            report.Score.Name,
            FigureKind.Score,
            report.Verdicts);
    }

    /// <summary>The losses on the test data with their verdicts.</summary>
    private static ReportTable Losses(ComparisonReport report) => Judged(
        report,
        "Test loss",
        $"Mean loss of a test sample, in {report.LossUnit}, lower is better: judged as the scores are, as a family of its own. "
            + "Better by: above 0 where the arm's loss is lower."
            + (report.Base.Loss is { } loss ? $" The base model has {FigureText.Of(loss, FigureStyle.Number)}." : ""),
        FigureKind.Loss.Title,
        FigureKind.Loss,
        report.LossVerdicts);

    /// <summary>Which arms learn sooner.</summary>
    private static ReportTable Learning(ComparisonReport report) => Judged(
        report,
        "Speed of learning",
        $"Mean training loss of all {report.Steps} steps, in {report.LossUnit}, lower is better: "
            + "the sooner an arm learns, the lower it is. "
            + "Judged over seeds alone, as a family of its own; arms of a seed read the same batches. "
            + "Better by: above 0 where the arm's is lower.",
        FigureKind.MeanTrainLoss.Title,
        FigureKind.MeanTrainLoss,
        report.LearningVerdicts);

    private static ReportTable Judged(
        ComparisonReport report, string title, string note, string name, FigureKind kind, IReadOnlyList<Verdict> verdicts)
    {
        var rows = report.Arms.Select(arm =>
        {
            var verdict = verdicts.SingleOrDefault(one => one.Arm == arm.Name);
            return (IReadOnlyList<ReportCell>)
            [
                new(arm.Name), Cell(arm.Figures.GetValueOrDefault(kind.Key), FigureStyle.Number),
                new(verdict is null ? "reference" : Difference(verdict), verdict?.Difference),
                new(FigureText.Of(verdict?.HolmP, FigureStyle.Number), verdict?.HolmP),
                new(FigureText.Of(verdict?.SmallestDifference, FigureStyle.Number), verdict?.SmallestDifference),
                new(verdict is null ? FigureText.Nothing : Word(verdict.Conclusion)),
            ];
        });
        return new ReportTable(title, note, ["arm", name, "better by", "p", "could have shown", "verdict"], [.. rows]);
    }

    private static ReportTable Figures(ComparisonReport report, string title, string note, params FigureKind[] kinds)
    {
        var arms = report.Arms.Where(arm => kinds.Any(kind => arm.Figures.ContainsKey(kind.Key)));
        return new ReportTable(
            title, $"{note} Mean of {report.Seeds.Count} seeds and 95 % interval.", ["arm", .. kinds.Select(kind => kind.Title)],
            [
                .. arms.Select(arm => (IReadOnlyList<ReportCell>)
                    [new(arm.Name), .. kinds.Select(kind => Cell(arm.Figures.GetValueOrDefault(kind.Key), kind.Style))]),
            ]);
    }

    private static ReportTable Sooner(ComparisonReport report) => Figures(
        report,
        $"Until {report.Reference}'s final training loss",
        $"Of {report.Steps} steps; running means over a twentieth of a run, each seed against {report.Reference} of the same seed."
            + " Counted until it stays down."
            + (report.Arms.Any(arm => arm.Figures[FigureKind.StepsToReference.Key].Mean is null) ? Never : ""),
        FigureKind.StepsToReference,
        FigureKind.TokensToReference with { Title = report.ReadUnit },
        FigureKind.SecondsToReference);

    private static ReportTable Size(ComparisonReport report)
    {
        FigureKind[] kinds = [FigureKind.Seconds, FigureKind.Speed with { Title = $"{report.ReadUnit} a second" }, FigureKind.PeakMemory];
        return new ReportTable(
            "Size and cost",
            $"On {report.Machine}. Peak memory is that of the process; after other runs in the same one it may hold what they left.",
            ["arm", "trained parameters", "file", .. kinds.Select(kind => kind.Title)],
            [
                .. report.Arms.Select(arm => (IReadOnlyList<ReportCell>)
                [
                    new(arm.Name), new(FigureText.Of(arm.TrainedParameters, FigureStyle.Count), arm.TrainedParameters),
                    new(ByteSize.Format(arm.FileBytes), arm.FileBytes), .. kinds.Select(
                        kind => Cell(arm.Figures.GetValueOrDefault(kind.Key), kind.Style)),
                ]),
            ]);
    }

    private static ReportTable Tried(ComparisonReport report) => new(
        "Learning rates",
        "Every arm had as many tries, on validation data, with a seed that is none of the comparison's and none of the test data. "
            + "Where the best is at an edge of what was tried, a rate beyond it may be better still.",
        ["arm", "chosen", "tried, with the validation data's value"],
        [
            .. report.Arms.Where(arm => arm.Tried.Count > 0).Select(arm => (IReadOnlyList<ReportCell>)
            [
                new(arm.Name), new(Rate(arm.LearningRate) + Edge(arm), arm.LearningRate),
                new(
                    string.Join(
                        ", ", arm.Tried.Select(one => $"{Rate(one.LearningRate)}: {FigureText.Of(one.Value, FigureStyle.Number)}"))),
            ]),
        ]);

    private static ReportTable BySeed(ComparisonReport report) => new(
        "Scores by seed",
        $"{Capital(report.Score.Name)} of each run.",
        ["arm", .. report.Seeds.Select(seed => string.Create(CultureInfo.InvariantCulture, $"seed {seed}"))],
        [
            .. report.Arms.Select(arm => (IReadOnlyList<ReportCell>)
                [
                    new(arm.Name),
                    .. arm.Figures[FigureKind.Score.Key].Values.Select(
                        value => new ReportCell(FigureText.Of(value, FigureStyle.Number), value)),
                ]),
        ]);

    private static ReportCell Cell(Figure? figure, FigureStyle style) => new(FigureText.Of(figure, style), figure?.Mean);

    private static string Difference(Verdict verdict) => verdict is { Difference: { } difference, Low: { } low, High: { } high }
        ? $"{FigureText.Of(difference, FigureStyle.Number)} "
            + $"({FigureText.Of(low, FigureStyle.Number)} to {FigureText.Of(high, FigureStyle.Number)})"
        : FigureText.Nothing;

    private static string Word(Conclusion conclusion) => conclusion switch
    {
        Conclusion.Better => "better",
        Conclusion.Worse => "worse",
        Conclusion.Equal => "equal within the margin",
        Conclusion.NotShown => "no difference shown",
        _ => "not judged",
    };

    private static string Edge(ArmReport arm) =>
        arm.LearningRate == arm.Tried.Max(one => one.LearningRate) ? ", the highest tried"
        : arm.LearningRate == arm.Tried.Min(one => one.LearningRate) ? ", the lowest tried"
        : "";

    private static string Rate(double rate) => rate.ToString(rate < 0.0001 ? "0.###e0" : "G4", CultureInfo.InvariantCulture);

    private static string Seeds(ComparisonReport report) => report.Seeds.Count == 1 ? "one seed" : $"{report.Seeds.Count} seeds";

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
