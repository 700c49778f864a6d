using ResLora.Experiments.Merging;
using ResLora.Training.Merging;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what a merge did.</summary>
internal static class MergeView
{
    /// <summary>Draws it: tables of the measured methods, then the facts of the chosen one.</summary>
    public static void Draw(MergeReport report, IAnsiConsole terminal)
    {
        if (report.Ranking.Count > 1)
        {
            terminal.Write(Ranking(report));
        }

        PartTable.Draw([.. report.Ranking.Select(outcome => KeyValuePair.Create(outcome.Method, outcome.Loss))], terminal);
        terminal.Write(Tables.Facts(Facts(report)));
    }

    /// <summary>The divergence with what it is measured in.</summary>
    /// <param name="loss">What a merge costs.</param>
    public static string Divergence(MergeLoss loss) =>
        $"{Tables.Number(loss.MeanKl)} {loss.DivergenceUnit}";

    private static TextTable Ranking(MergeReport report)
    {
        var answers = report.UnmergedExactMatch is not null;
        var isOfValues = report.Loss.IsOfValues;
        string[] choice = isOfValues ? [] : ["same first choice>"];
        string[] columns =
        [
            "method", "divergence>", .. choice, "loss>", "increase>", "update error>",
            .. answers ? new[] { "right>" } : [],
        ];
        var table = Tables.Of(columns);
        var unmerged = report.UnmergedExactMatch;
        table.Row(["unmerged", "", .. choice.Select(_ => ""), Tables.Number(report.Loss.LossUnmerged), "", "", .. answers ? new[] { $"{unmerged!.Correct} of {unmerged.Total}" } : []]);
        foreach (var outcome in report.Ranking)
        {
            table.Row(
            [
                outcome.Method + (outcome.IsExact ? " (but for rounding)" : ""),
                Tables.Number(outcome.Loss.MeanKl),
                .. isOfValues ? [] : new[] { Tables.Percent(outcome.Loss.TopOneAgreement) },
                Tables.Number(outcome.Loss.LossMerged),
                Tables.Number(outcome.Loss.Increase),
                Tables.Number(outcome.MeanUpdateError),
                .. answers ? new[] { $"{outcome.ExactMatch!.Correct} of {outcome.ExactMatch.Total}" } : [],
            ]);
        }

        return table;
    }

    private static IEnumerable<KeyValuePair<string, string>> Facts(MergeReport report)
    {
        if (report.Output is not null)
        {
            yield return new("written", $"{report.Output} ({(report.As == MergeTarget.Lora ? "PEFT adapter" : "Hugging Face model")})");
        }

        yield return new(
            report.Output is null ? "best" : "method", $"{report.Method}, {(report.IsExact ? "exact but for rounding" : "approximate")}");
        if (report.CalibratedOn is { } calibrated)
        {
            yield return new("calibrated on", calibrated);
        }

        yield return new("measured on", $"{report.MeasuredOn}, {Tables.Count(report.Loss.Tokens)} predictions");
        yield return new("loss", $"{Tables.Number(report.Loss.LossUnmerged)} unmerged, {Tables.Number(report.Loss.LossMerged)} merged");
        yield return new("divergence", Divergence(report.Loss));
        if (!report.Loss.IsOfValues)
        {
            yield return new("same first choice", Tables.Percent(report.Loss.TopOneAgreement));
        }

        yield return new(
            report.Loss.IsOfValues ? "largest difference" : "largest logit difference", Tables.Number(report.Loss.MaxLogitDifference));
        if (report.ReadBackDifference is { } difference)
        {
            yield return new("read back", $"differs by {Tables.Number(difference)}");
        }
    }
}
