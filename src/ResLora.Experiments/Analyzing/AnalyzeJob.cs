using ResLora.Experiments.Analyzing.Reports;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Analyzing;

/// <summary>
/// Trains every arm, measures on the way how gradients reach its blocks, and writes what was seen. It may be stopped at any moment and goes
/// on from there: an arm that is done is not trained again.
/// </summary>
public static class AnalyzeJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="plan">What is analysed.</param>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="stop">Ends the run in hand with a checkpoint.</param>
    /// <returns>What was measured; it lies in the analysis's folder, too.</returns>
    /// <exception cref="ResLoraException">The folder holds something else, or settings or files cannot be used.</exception>
    /// <exception cref="RunFailedException">A run failed.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static AnalysisReport Run(AnalyzePlan plan, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var folder = new AnalyzeFolder(plan.Config.Output);
        using var held = folder.Enter(plan);
        var queue = new RunQueue(
            [new ProbeTrainer(plan.Config.Settings, progress)], new CompareStage("Run", "to train", plan.Arms.Count, 1, progress), stop);
        queue.Train(plan.Arms.Select(plan.RunOf));
        progress?.Report(new StageStarted("Writing what was seen"));
        var report = AnalysisReport.Of(plan);
        report.Write(folder.ReportFile);
        AnalysisText.Write(folder.MarkdownFile, report);
        HeatMaps.Write(folder.PlotFolder, report);
        return report;
    }
}
