using ResLora.Experiments.Comparing.Farming;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>
/// Trains every arm with every seed, measures all of them on the test data once that is done, and judges the arms. It may be stopped at
/// any moment and goes on from there: what is done is not done again.
/// </summary>
public static class CompareJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="plan">What is compared.</param>
    /// <param name="tool">
    /// This program and what stands before its commands, to be started again for runs side by side; not needed for one at a time.
    /// </param>
    /// <param name="farm">The ranks of MPI that train and test (docs/distributed.md); null for none.</param>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="stop">Ends the run in hand with a checkpoint.</param>
    /// <returns>What was found; it lies in the comparison's folder, too.</returns>
    /// <exception cref="ResLoraException">The folder holds something else, or settings or files cannot be used.</exception>
    /// <exception cref="RunFailedException">A run failed, or the arms did not see the same.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="Training.Distributed.RanksException">A rank is lost.</exception>
    public static ComparisonReport Run(
        ComparePlan plan, IReadOnlyList<string>? tool = null, RunFarm? farm = null, IProgress<RunEvent>? progress = null,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var folder = new CompareFolder(plan.Config.Output);
        using var held = folder.Enter(plan.Config, plan.Sources);
        var earlier = File.Exists(folder.ReportFile) ? ComparisonReport.Read(folder.ReportFile) : null;
        farm?.Require(folder.Path, ComparedFiles.FilesOf(plan.Config), plan.Sources, plan.Arms.Select(arm => arm.Size), stop);
        var queue = RunQueue.Of(plan.TuningRuns + plan.Runs, plan.Jobs, tool, farm, progress, stop);
        queue.Train(plan.Arms.SelectMany(arm => RateChoice.Runs(plan, arm)));
        var rates = plan.Arms.ToDictionary(arm => arm, arm => RateChoice.Of(plan, arm));
        PlannedRun Planned(PlannedArm arm, long seed) => PlannedRun.Of(plan, arm, seed, rates[arm].LearningRate);
        PlannedRun[] runs =
            [.. plan.Config.Settings.Seeds.SelectMany(seed => SeedList.OrderOf(plan.Arms, seed).Select(arm => Planned(arm, seed)))];
        queue.Train(runs);
        RequireFair(plan, Planned);

        // Everything is fixed by now: models are measured on the test data for the first time.
        var tests = new TestStage(plan, farm, progress, stop);
        tests.Measure(runs);
        FinishedArm[] arms =
        [
            .. plan.Arms.Select(arm => new FinishedArm(
                arm, rates[arm], [.. plan.Config.Settings.Seeds.Select(seed => tests.Finish(seed, Planned(arm, seed)))])),
        ];
        progress?.Report(new StageStarted("Judging"));
        var report = ReportBuilder.Build(plan, arms, tests.Base);
        report = report with { ChangedSince = LaterChanges.Of(earlier, report) };
        report.Write(folder.ReportFile);
        var page = ComparisonPage.Of(report);
        AtomicFile.WriteText(folder.MarkdownFile, page.Markdown());
        AtomicFile.WriteText(folder.HtmlFile, HtmlReport.Text(page));
        ReportPlots.Write(folder.PlotFolder, report);
        return report;
    }

    /// <summary>That all arms saw the same with each seed, by what their runs logged.</summary>
    private static void RequireFair(ComparePlan plan, Func<PlannedArm, long, PlannedRun> planned)
    {
        foreach (var seed in plan.Config.Settings.Seeds)
        {
            var digests = plan.Arms.Select(
                arm => (Arm: arm.Arm.Name, RunTrace.Read(planned(arm, seed).Folder.MetricsFile).Digest)).ToArray();
            if (digests.FirstOrDefault(one => one.Digest != digests[0].Digest).Arm is { } other)
            {
                throw new RunFailedException(
                    $"The comparison is not fair: with seed {seed}, arm '{other}' did not read as much in every step as '{digests[0].Arm}', or was not evaluated at the same steps. "
                    + "Arms must agree in batch size, longest sample and data; see metrics.jsonl of both runs.");
            }
        }
    }
}
