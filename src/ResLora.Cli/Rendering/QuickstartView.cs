using ResLora.Experiments.Quickstart;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what the quickstart found, and what to try next.</summary>
internal static class QuickstartView
{
    /// <summary>Draws it.</summary>
    public static void Draw(QuickstartReport report, IAnsiConsole terminal)
    {
        var table = Tables.Of("held-out problems", "exact match>", "95 % interval>", "right>", "loss>");
        foreach (var row in report.Rows)
        {
            var score = row.ExactMatch;
            table.Row(
                row.Name, Tables.Percent(score.Accuracy), $"{Tables.Percent(score.Low)} to {Tables.Percent(score.High)}",
                $"{score.Correct} of {score.Total}", Tables.Number(row.Loss));
        }

        terminal.Write(table);
        Tables.Sentence(terminal, report.Verdict);
        if (!report.Improved)
        {
            Tables.Sentence(terminal, "Training did not improve on the base model: the held-out loss must fall and more answers be right, for LoRA and for ResLoRA.");
        }

        terminal.Write(Tables.Facts(
        [
            new("trained", $"{report.Steps} steps, {Tables.Count(report.TrainableParameters)} parameters each"),
            new("merge", $"{report.Merge.Method}, {(report.Merge.IsExact ? "exact but for rounding" : "approximate")}: divergence {Tables.Number(report.Merge.Loss.MeanKl)} nats a prediction, same first choice {Tables.Percent(report.Merge.Loss.TopOneAgreement)}"),
            new("PEFT adapter", report.PeftFolder),
            new("merged model", report.MergedFolder),
            new("loss curves", report.PlotFile),
        ]));
        NextCommands.Draw(NextCommands.After(report), terminal);
    }
}
