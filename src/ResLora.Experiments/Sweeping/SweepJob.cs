using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Farming;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Experiments.Running;
using ResLora.Experiments.Sweeping.Reports;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Sweeping;

/// <summary>
/// Trains every point with every seed and judges them by validation data; with halving, hopeless points are left behind on the way. It may
/// be stopped at any moment and goes on from there: what is done is not done again.
/// </summary>
public static class SweepJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="plan">What is swept.</param>
    /// <param name="tool">
    /// This program and what stands before its commands, to be started again for runs side by side; not needed for one at a time.
    /// </param>
    /// <param name="farm">The ranks of MPI that train (docs/distributed.md); null for none.</param>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="stop">Ends the run in hand with a checkpoint.</param>
    /// <returns>What was found; it lies in the sweep's folder, too.</returns>
    /// <exception cref="ResLoraException">The folder holds something else, or settings or files cannot be used.</exception>
    /// <exception cref="RunFailedException">No point could be trained.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="Training.Distributed.RanksException">A rank is lost.</exception>
    public static SweepReport Run(
        SweepPlan plan, IReadOnlyList<string>? tool = null, RunFarm? farm = null, IProgress<RunEvent>? progress = null,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var folder = new SweepFolder(plan.Config.Output);
        using var held = folder.Enter(plan);
        farm?.Require(
            plan.Config.Output, ComparedFiles.FilesOf(plan.Config.Run), plan.Sources, plan.Points.Select(point => point.Size), stop);
        var total = (plan.Points.Count + plan.Rungs.Sum(rung => rung.Kept)) * plan.Config.Settings.Seeds.Count;
        var points = Train(plan, RunQueue.Of(total, plan.Jobs, tool, farm, progress, stop));
        progress?.Report(new StageStarted("Judging"));
        var report = SweepReportBuilder.Build(plan, points);
        report.Write(folder.ReportFile);
        var page = SweepPage.Of(report);
        AtomicFile.WriteText(folder.MarkdownFile, page.Markdown());
        AtomicFile.WriteText(folder.HtmlFile, HtmlReport.Text(page));
        ResponsePlots.Write(folder.PlotFolder, report);
        return report;
    }

    /// <summary>Trains the points, from rung to rung those that are left.</summary>
    private static PointRuns[] Train(SweepPlan plan, RunQueue queue)
    {
        var isLowerBetter = TrainConfig.IsBetterSmall(plan.Config.Run.Training.BestMetric);
        var over = new List<PointRuns>();
        IReadOnlyList<PlannedPoint> left = plan.Points;
        foreach (var rung in plan.Rungs)
        {
            var reached = TrainTo(plan, queue, left, rung);
            HashSet<PointRuns> kept = [.. PointRuns.Ordered(reached.Where(point => point.IsSound), isLowerBetter).Take(rung.Kept)];
            over.AddRange(reached.Where(point => !kept.Contains(point)));
            left = [.. reached.Where(kept.Contains).Select(point => point.Point)];
        }

        over.AddRange(TrainTo(plan, queue, left, null));
        return over.Any(point => point is { Cut: null, IsSound: true })
            ? [.. plan.Points.Select(point => over.Single(one => one.Point == point))]
            : throw new RunFailedException(
                $"No point gave a finite {plan.Config.Run.Training.BestMetric} with every seed; try a smaller training.learningRate.");
    }

    private static PointRuns[] TrainTo(SweepPlan plan, RunQueue queue, IReadOnlyList<PlannedPoint> points, Rung? rung)
    {
        queue.Train(plan.Config.Settings.Seeds.SelectMany(
            seed => SeedList.OrderOf(points, seed).Select(point => plan.RunOf(point, seed, rung))));
        return [.. points.Select(point => PointRuns.Of(plan, point, rung))];
    }
}
