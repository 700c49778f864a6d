using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>Makes the report of points whose runs are over.</summary>
internal static class SweepReportBuilder
{
    /// <summary>Makes it.</summary>
    /// <param name="plan">The sweep.</param>
    /// <param name="points">The points, in the order of the sweep; one was trained to its end.</param>
    public static SweepReport Build(SweepPlan plan, IReadOnlyList<PointRuns> points)
    {
        var (config, settings) = (plan.Config, plan.Config.Settings);
        var metric = config.Run.Training.BestMetric;
        var isLowerBetter = TrainConfig.IsBetterSmall(metric);
        PointReport[] reports = [.. points.Select(point => Point(plan, point))];
        PointReport[] ranking =
        [
            .. PointRuns.Ordered(points.Where(point => point is { Cut: null, IsSound: true }), isLowerBetter)
                .Select(point => reports.Single(report => report.Name == point.Point.Point.Name)),
        ];
        var verdicts = BestVerdict.Of(ranking, reports.Length, settings.Seeds, isLowerBetter);
        return new SweepReport
        {
            Version = SweepReport.CurrentVersion,
            Program = ReportOrigin.Program(),
            Machine = ReportOrigin.Machine(plan.Jobs),
            Task = config.Run.Task,
            Metric = metric,
            IsLowerBetter = isLowerBetter,
            ValidationSamples = plan.Points[0].Size.ValidationSamples,
            Seeds = settings.Seeds,
            Keys = Keys(settings),
            Source = settings.Points,
            Rungs = plan.Rungs,
            Points = reports,
            Ranking = [.. ranking.Select(point => point.Name)],
            Verdicts = verdicts,
            Findings = [.. BestVerdict.Sentences(ranking, verdicts, metric, reports)],
            Sources = plan.Sources,
            Config = ReportOrigin.Yaml(config.Run, SweepConfig.Section, settings),
        };
    }

    private static IReadOnlyList<SweptKey> Keys(SweepSettings settings) =>
    [
        .. settings.Over.Zip(PointNames.OfKeys(settings.Over.Keys), (swept, name) =>
            new SweptKey(swept.Key, name, [.. swept.Value.EnumerateArray().Select(PointNames.OfValue)])),
    ];

    private static PointReport Point(SweepPlan plan, PointRuns point)
    {
        var (planned, size, metric) = (point.Point.Point, point.Point.Size, plan.Config.Run.Training.BestMetric);
        RunRecord[] records = [.. point.Runs.Select(run => RunRecord.Find(run)!)];
        // A run that goes on from a rung is another process with a memory of its own.
        IEnumerable<Rung?> passed = [.. plan.Rungs.TakeWhile(rung => rung != point.Cut), point.Cut];
        var memory = passed.SelectMany(rung => plan.Config.Settings.Seeds.Select(seed => plan.RunOf(point.Point, seed, rung)))
            .Max(run => RunRecord.Find(run)?.PeakMemory);
        return new PointReport
        {
            Name = planned.Name,
            Values = planned.Values,
            Outcome = !point.IsSound ? PointOutcome.Failed : point.Cut is null ? PointOutcome.Finished : PointOutcome.Cut,
            Step = point.Cut?.StepOf(size.Steps) ?? size.Steps,
            Steps = size.Steps,
            Value = Figure.Of([.. point.Values.Select(Finite)], ScoreMeaning.OfMetric(metric).Range),
            Failures =
            [
                .. plan.Config.Settings.Seeds.Zip(records, point.Values)
                    .Where(one => one.Second.Failure is not null || !double.IsFinite(one.Third))
                    .Select(one => $"seed {one.First}: {one.Second.Failure ?? $"its {metric} is no finite number."}"),
            ],
            Seconds = Figure.Of(
                [.. point.Runs.Zip(records, (run, record) => record.Failure is null ? SecondsOf(run) : (double?)null)], 0),
            TrainedParameters = size.TrainedParameters,
            PeakMemory = memory,
        };
    }

    /// <summary>Up to the step that the run was to come to.</summary>
    private static double SecondsOf(PlannedRun run) => RunTrace.Read(run.Folder.MetricsFile).Steps
        .Where(step => !(step.Step > run.Config.Training.PauseAt)).Sum(step => step.Seconds);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
