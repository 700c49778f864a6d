using ResLora.Experiments.Analyzing;
using ResLora.Experiments.Analyzing.Adapters;
using ResLora.Experiments.Analyzing.Reports;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what an analysis saw.</summary>
internal static class AnalyzeView
{
    /// <summary>The JSON document: figures and findings; analysis.json has every number.</summary>
    public static object Document(AnalysisReport report, AnalyzeConfig config) => new
    {
        config.Output,
        report.Seed,
        report.Samples,
        Steps = report.Arms[0].Steps.Select(step => step.Step),
        Arms = report.Arms.Select(arm => new { arm.Name, arm.Set, arm.TrainedParameters, arm.Summary }),
        report.Findings,
    };

    /// <summary>Draws an analysis.</summary>
    public static void Draw(AnalysisReport report, AnalyzeConfig config, IAnsiConsole terminal)
    {
        ReportTableView.Draw(SummaryTable.Of(report), terminal);
        Tables.Line(terminal, "");
        foreach (var finding in report.Findings)
        {
            Tables.Sentence(terminal, finding);
        }

        var folder = new AnalyzeFolder(config.Output);
        terminal.Write(Tables.Facts(
            [new("as text", folder.MarkdownFile), new("figures", folder.ReportFile), new("pictures", folder.PlotFolder)]));
    }

    /// <summary>Draws what was seen of an adapter.</summary>
    public static void Draw(AdapterAnalysis seen, IAnsiConsole terminal)
    {
        var table = Tables.Of("block", "rank>", "effective rank>", "size of sBA>", "of W>", "cosine to previous>", "alpha* by weights>");
        foreach (var block in seen.Blocks)
        {
            table.Row(
                block.Module,
                Tables.Count(block.Rank),
                Tables.Number(block.EffectiveRank),
                Tables.Number(block.Update),
                Number(block.Share),
                Number(block.Cosine),
                Number(block.AlphaByWeights));
        }

        terminal.Write(table);
        foreach (var note in seen.Notes)
        {
            Tables.Sentence(terminal, note);
        }
    }

    private static string Number(double? value) => value is { } number ? Tables.Number(number) : "";
}
