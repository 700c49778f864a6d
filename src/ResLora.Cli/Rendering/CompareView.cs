using System.Globalization;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Formats;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what a comparison will do, and what it found.</summary>
internal static class CompareView
{
    /// <summary>The JSON document of a plan.</summary>
    public static object Document(ComparePlan plan) => new
    {
        plan.Config.Output,
        plan.Config.Reference,
        plan.Config.Settings.Seeds,
        plan.TuningRuns,
        plan.Runs,
        Arms = plan.Arms.Select(arm => new
        {
            arm.Arm.Name,
            Set = arm.Arm.Assignments,
            LearningRates = arm.Arm.LearningRates.Count > 0 ? arm.Arm.LearningRates : [arm.Arm.Run.Training.LearningRate],
            arm.TrainedParameters,
            arm.Steps,
            Memory = arm.Memory?.Total,
        }),
        plan.Sources,
    };

    /// <summary>Draws a plan.</summary>
    public static void Draw(ComparePlan plan, IAnsiConsole terminal)
    {
        var table = Tables.Of("arm", "trained>", "steps>", "memory>", "learning rates", "sets");
        foreach (var arm in plan.Arms)
        {
            var rates = arm.Arm.LearningRates.Count > 0 ? arm.Arm.LearningRates : [arm.Arm.Run.Training.LearningRate];
            table.Row(
                arm.Arm.Name, Tables.Count(arm.TrainedParameters), Tables.Count(arm.Steps), arm.Memory is { } memory
                    ? ByteSize.Format(memory.Total)
                    : "",
                string.Join(
                    ", ", rates.Select(rate => rate.ToString("G4", CultureInfo.InvariantCulture))), string.Join(", ", arm.Arm.Assignments));
        }

        terminal.Write(table);
        var settings = plan.Config.Settings;
        terminal.Write(Tables.Facts(
        [
            new("seeds", string.Join(", ", settings.Seeds)),
            new("runs", $"{plan.Runs} to compare{(plan.TuningRuns > 0 ? $", and {plan.TuningRuns} before them that choose learning rates with seed {settings.Tune.Seed}" : "")}"),
            new("reference", plan.Config.Reference),
            new("test data", $"{settings.Test}; models are measured on it once all are trained"),
            new("folder", plan.Config.Output),
        ]));
    }

    /// <summary>The JSON document of what was found: the report, and with it what a repetition does not agree in.</summary>
    public static object Document(ComparisonReport report, IReadOnlyList<ReportDifference>? differences) =>
        differences is null ? report : new { Agrees = differences.Count == 0, Differences = differences, Report = report };

    /// <summary>Draws what was found.</summary>
    public static void Draw(
        ComparisonReport report, CompareConfig config, IReadOnlyList<ReportDifference>? differences, IAnsiConsole terminal)
    {
        foreach (var shown in ReportTables.Of(report).Take(2))
        {
            ReportTableView.Draw(shown, terminal);
        }

        Tables.Line(terminal, "");
        foreach (var sentence in report.Sentences)
        {
            Tables.Sentence(terminal, $"{sentence}.");
        }

        var folder = new CompareFolder(config.Output);
        terminal.Write(
            Tables.Facts(
                [new("report", folder.HtmlFile), new(
                    "as text", folder.MarkdownFile), new("figures", folder.ReportFile), new("pictures", folder.PlotFolder)]));
        Draw(differences, terminal);
    }

    private static void Draw(IReadOnlyList<ReportDifference>? differences, IAnsiConsole terminal)
    {
        if (differences is null)
        {
            return;
        }

        if (differences.Count == 0)
        {
            Tables.Sentence(terminal, "The repetition agrees with the earlier comparison in every figure but time and memory.");
            return;
        }

        var table = Tables.Of("arm", "figure", "seed>", "earlier>", "now>", "by>");
        foreach (var one in differences)
        {
            table.Row(
                one.Arm, one.Figure, one.Seed?.ToString(
                    CultureInfo.InvariantCulture) ?? "", one.Expected, one.Found, one.By is { } by ? Tables.Number(by) : "");
        }

        terminal.Write(table);
        Tables.Sentence(terminal, $"The repetition does not agree: {differences.Count} difference{(differences.Count == 1 ? "" : "s")}. Other processors, numbers of threads or versions round otherwise.");
    }
}
