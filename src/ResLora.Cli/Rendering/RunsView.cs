using System.Globalization;
using ResLora.Experiments.Comparing.Runs;
using ResLora.Formats;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows runs side by side.</summary>
internal static class RunsView
{
    /// <summary>Draws them.</summary>
    public static void Draw(RunsReport report, IAnsiConsole terminal)
    {
        string[] metrics = [.. report.Runs.SelectMany(run => run.Metrics.Keys).Distinct()];
        var losses = Tables.Of(["run", "trained", "rate>", "seed>", "steps>", "training loss>", .. metrics.Select(name => $"{name}>")]);
        var costs = Tables.Of("run", "read>", "seconds>", "a second>", "file>");
        foreach (var run in report.Runs)
        {
            var name = Path.GetRelativePath(Directory.GetCurrentDirectory(), run.Run);
            losses.Row(
            [
                name, run.Adapter, run.LearningRate.ToString(
                    "G4", CultureInfo.InvariantCulture), run.Seed.ToString(CultureInfo.InvariantCulture),
                Tables.Count(run.Steps), Tables.Number(run.TrainLoss),
                .. metrics.Select(metric => run.Metrics.TryGetValue(metric, out var value) ? Tables.Number(value) : ""),
            ]);
            costs.Row(
                name, $"{Tables.Count((long)run.Read)} {run.Unit}", run.Seconds.ToString("0.0", CultureInfo.InvariantCulture),
                Tables.Count((long)(run.Read / run.Seconds)), ByteSize.Format(run.FileBytes));
        }

        terminal.Write(losses);
        terminal.Write(costs);
        foreach (var note in report.Notes)
        {
            Tables.Sentence(terminal, note);
        }
    }
}
