using ResLora.Experiments.Comparing.Reports;

namespace ResLora.Experiments.Analyzing.Reports;

/// <summary>The figures of all arms as a table, which the terminal and analysis.md both show.</summary>
public static class SummaryTable
{
    /// <summary>Makes it.</summary>
    /// <param name="report">The analysis.</param>
    /// <returns>The table, a row an arm.</returns>
    public static ReportTable Of(AnalysisReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ReportTable(
            "Figures",
            "early / late: gradients of the first half of the layers over those of the second. Shortcut / own: the terms of the gradients of "
                + "A and of B. Straight / base: the gradient of a layer's input through shortcuts over that through the base model. Added / own, "
                + "cosine: of the update. "
                + "Update: ‖s B A‖ / ‖W‖ at the end. Medians but for the losses, early / late, and what is of the end.",
            [
                "arm", "first loss", "last loss", "early / late", "shortcut / own, A", "shortcut / own, B", "straight / base", "added / own",
                "cosine", "update", "rank", "alpha*",
            ],
            [.. report.Arms.Select(Row)]);
    }

    private static IReadOnlyList<ReportCell> Row(ArmAnalysis arm)
    {
        var summary = arm.Summary;
        double?[] figures =
        [
            summary.FirstLoss, summary.LastLoss, summary.EarlyOverLate, summary.ShortcutOfA, summary.ShortcutOfB, summary.StraightOverBase,
            summary.Added, summary.AddedCosine, summary.Update, summary.EffectiveRank, summary.LastAlpha,
        ];
        return [new(arm.Name), .. figures.Select(figure => new ReportCell(FigureText.Of(figure, FigureStyle.Number), figure))];
    }
}
