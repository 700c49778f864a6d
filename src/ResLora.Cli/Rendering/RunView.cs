using ResLora.Experiments.Pretraining;
using ResLora.Experiments.Running;
using ResLora.Formats;
using ResLora.Training.Loop;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows how a run ended.</summary>
internal static class RunView
{
    /// <summary>The JSON document of a pretraining run.</summary>
    public static object Document(PretrainReport report) => new
    {
        report.Output,
        report.RunFolder,
        report.Parameters,
        report.Vocabulary,
        Result = report.Result is null ? null : Document(report.Result),
    };

    /// <summary>Draws a pretraining run's end.</summary>
    public static void Draw(PretrainReport report, IAnsiConsole terminal) => terminal.Write(Tables.Facts(
    [
        .. report.Result is null ? [new("written", $"{Tables.Count(report.Parameters)} random weights, untrained")] : Facts(report.Result),
        report.Result is { Interrupted: true } ? new("run", report.RunFolder!) : new("model", report.Output),
    ]));

    /// <summary>The JSON document of a fine-tuning run.</summary>
    public static object Document(TrainReport report) => new
    {
        report.RunFolder,
        report.TrainableParameters,
        report.PlannedMemory,
        report.PeakMemory,
        Result = Document(report.Result),
    };

    /// <summary>Draws a fine-tuning run's end, and what to do next.</summary>
    public static void Draw(TrainReport report, RunConfig config, IAnsiConsole terminal)
    {
        var plot = new RunFolder(report.RunFolder).LossPlot;
        terminal.Write(Tables.Facts(
        [
            .. Facts(report.Result),
            .. Memory(report),
            new("run", report.RunFolder),
            .. File.Exists(plot) ? new[] { KeyValuePair.Create("loss curve", plot) } : [],
        ]));
        if (!report.Result.Interrupted)
        {
            NextCommands.Draw(NextCommands.After(config, report), terminal);
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Memory(TrainReport report)
    {
        if (report is { PeakMemory: { } peak, PlannedMemory: { } planned })
        {
            var kept = report.KeptFreedMemory
                ? $" in use, and up to {ByteSize.Format(planned.TotalWithFreed)} with freed memory that is kept"
                : "";
            yield return new("peak memory", $"{ByteSize.Format(peak)}; the plan said {ByteSize.Format(planned.Total)}{kept}");
        }
    }

    private static object Document(TrainResult result) => new
    {
        result.Steps,
        result.LastLoss,
        result.BestMetric,
        result.BestStep,
        result.Interrupted,
        result.StoppedEarly,
        result.LastMetrics,
    };

    private static IEnumerable<KeyValuePair<string, string>> Facts(TrainResult result)
    {
        yield return new("ended", result switch
        {
            { Interrupted: true } => $"interrupted after {result.Steps} steps; --resume goes on",
            { StoppedEarly: true } => $"early after {result.Steps} steps: it no longer improved",
            _ => $"after {result.Steps} steps",
        });
        yield return new("last loss", Tables.Number(result.LastLoss));
        if (result.BestMetric is { } best)
        {
            yield return new("best evaluation", $"{Tables.Number(best)} at step {result.BestStep}");
        }
    }
}
