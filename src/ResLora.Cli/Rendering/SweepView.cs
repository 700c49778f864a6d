using ResLora.Experiments.Sweeping;
using ResLora.Experiments.Sweeping.Reports;
using ResLora.Formats;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what a sweep will do, and what it found.</summary>
internal static class SweepView
{
    private const int MostRows = 20;

    /// <summary>The JSON document of a plan.</summary>
    public static object Document(SweepPlan plan) => new
    {
        plan.Config.Output,
        Metric = plan.Config.Run.Training.BestMetric,
        plan.Config.Settings.Seeds,
        plan.Runs,
        plan.Rungs,
        plan.StepShare,
        Points = plan.Points.Select(point => new
        {
            point.Point.Name,
            point.Point.Values,
            point.Size.TrainedParameters,
            point.Size.Steps,
            Memory = point.Size.Memory?.Total,
        }),
        plan.Sources,
    };

    /// <summary>Draws a plan.</summary>
    public static void Draw(SweepPlan plan, IAnsiConsole terminal)
    {
        var table = Tables.Of("point", "trained>", "steps>", "memory>");
        foreach (var point in plan.Points)
        {
            table.Row(
                point.Point.Name, Tables.Count(point.Size.TrainedParameters), Tables.Count(point.Size.Steps),
                point.Size.Memory is { } memory ? ByteSize.Format(memory.Total) : "");
        }

        terminal.Write(table);
        terminal.Write(Tables.Facts(
        [
            new("seeds", string.Join(", ", plan.Config.Settings.Seeds)),
            new("runs", $"{plan.Runs}, one a point and seed"),
            .. plan.Rungs.Select(rung => KeyValuePair.Create("halving", SweepFacts.Describe(rung))),
            .. plan.Rungs.Take(1).Select(_ => KeyValuePair.Create(
                "takes", $"{Tables.Percent(plan.StepShare)} of the steps of training every point to its end")),
            new("judged by", $"{plan.Config.Run.Training.BestMetric} on validation data; test data is not read"),
            new("folder", plan.Config.Output),
        ]));
    }

    /// <summary>Draws what was found.</summary>
    public static void Draw(SweepReport report, SweepConfig config, IAnsiConsole terminal)
    {
        ReportTableView.Draw(SweepTables.Finished(report), terminal, MostRows);
        ReportTableView.Draw(SweepTables.Cut(report), terminal, MostRows);
        ReportTableView.Draw(SweepTables.Failed(report), terminal, MostRows);
        Tables.Line(terminal, "");
        foreach (var finding in report.Findings)
        {
            Tables.Sentence(terminal, $"{finding}.");
        }

        var folder = new SweepFolder(config.Output);
        terminal.Write(Tables.Facts(
        [
            new("cost", SweepFacts.Cost(report)), new("report", folder.HtmlFile), new("as text", folder.MarkdownFile),
            new("figures", folder.ReportFile), new("pictures", folder.PlotFolder),
        ]));
    }
}
