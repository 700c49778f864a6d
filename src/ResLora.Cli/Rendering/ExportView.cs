using ResLora.Adapters.Merging;
using ResLora.Experiments.Exporting;
using ResLora.Formats;
using ResLora.Training.Merging;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows plans, proofs and checks of exports.</summary>
internal static class ExportView
{
    /// <summary>What becomes of each feature.</summary>
    public static void DrawPlan(ExportPlan plan, IAnsiConsole terminal)
    {
        var table = Tables.Of("feature", "", "how");
        foreach (var feature in plan.Features)
        {
            table.Row(feature.Name, State(feature.State), feature.Reason);
        }

        terminal.Write(table);
        if (plan.MergeLoss is { } loss)
        {
            DrawCost(plan, loss, plan.MeasuredOn!, terminal);
        }
    }

    /// <summary>The plan, the proof and what to do with the export.</summary>
    public static void Draw(ExportReport report, string output, IReadOnlyList<string> next, IAnsiConsole terminal)
    {
        DrawPlan(report.Plan, terminal);
        if (report.MergeLoss is { } loss)
        {
            DrawCost(report.Plan, loss, report.MeasuredOn, terminal);
        }

        DrawProofs(report.Proofs, terminal);
        terminal.Write(Tables.Facts([
            new("proved on", $"{report.MeasuredOn}; the first {report.TokenIds.Count}"),
            new("written", $"{output}: {string.Join(", ", report.Files.Select(file => $"{file.Name} ({ByteSize.Format(file.Bytes)})"))}"),
        ]));
        Tables.Line(terminal, "");
        Tables.Line(terminal, "Use it with:");
        foreach (var line in next)
        {
            Tables.Line(terminal, $"  {line}");
        }
    }

    /// <summary>What a check found.</summary>
    public static void DrawCheck(ExportCheckReport report, IAnsiConsole terminal)
    {
        DrawProofs(report.Proofs, terminal);
        foreach (var difference in report.Differences)
        {
            Tables.Sentence(terminal, $"DIFFERENT  {difference}.");
        }

        if (report.NotCompared is { } reason)
        {
            Tables.Sentence(terminal, $"Only the files' hashes were checked, no numbers: {reason}.");
        }

        Tables.Sentence(terminal, report.Passed
            ? $"{report.Folder} is the {report.Target} export that was written: {report.Files} files{(report.Compared ? ", and its numbers are those of its sources" : "")}."
            : $"{report.Folder} is not the {report.Target} export that was written.");
    }

    private static void DrawProofs(IReadOnlyList<ExportProof> proofs, IAnsiConsole terminal)
    {
        if (proofs.Count == 0)
        {
            return;
        }

        var isOfChoices = proofs.Any(proof => !proof.IsOfValues);
        var hasPrompts = proofs.Any(proof => proof.Prompts > 0);
        string[] choice = isOfChoices ? ["divergence>", "same first choice>"] : [];
        string[] alike = hasPrompts ? ["prompts alike>"] : [];
        var table = Tables.Of(
            ["read back", "type", isOfChoices ? "logits differ by>" : "outputs differ by>", "allowed>", .. choice, "of a rounding>", .. alike]);
        foreach (var proof in proofs)
        {
            table.Row(
            [
                proof.File, proof.Type.Name(), Tables.Number(proof.MaxLogitDifference), Tables.Number(
                    proof.Tolerance * Math.Max(1, proof.LargestLogit)),
                .. isOfChoices ? [Tables.Number(proof.MeanKl), Tables.Percent(proof.TopOneAgreement)] : Array.Empty<string>(),
                Tables.Percent(proof.WeightError),
                .. hasPrompts ? new[] { proof.Prompts == 0 ? "-" : $"{proof.Prompts - proof.PromptsDiffering} of {proof.Prompts}" } : [],
            ]);
        }

        terminal.Write(table);
    }

    private static void DrawCost(ExportPlan plan, MergeLoss loss, string measuredOn, IAnsiConsole terminal)
    {
        terminal.Write(Tables.Facts(Cost(plan, loss, measuredOn)));
        PartTable.Draw([KeyValuePair.Create("merged", loss)], terminal);
    }

    private static IEnumerable<KeyValuePair<string, string>> Cost(ExportPlan plan, MergeLoss loss, string measuredOn) =>
    [
        new("merge", $"{(plan.IsExact ? "exact but for rounding" : $"approximate, method {MergeMethods.Name(plan.Method)}")}: divergence {MergeView.Divergence(loss)}, {(loss.IsOfValues ? "" : $"same first choice {Tables.Percent(loss.TopOneAgreement)}, ")}loss {Tables.Number(loss.LossUnmerged)} unmerged and {Tables.Number(loss.LossMerged)} merged"),
        new("measured on", $"{measuredOn}, {Tables.Count(loss.Tokens)} predictions"),
    ];

    private static string State(FeatureState state) => state switch
    {
        FeatureState.Kept => "kept",
        FeatureState.Baked => "baked in",
        _ => "LOST",
    };
}
