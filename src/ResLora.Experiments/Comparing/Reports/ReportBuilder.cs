using ResLora.Statistics.Judging;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>Makes the report of runs that are done and measured.</summary>
internal static class ReportBuilder
{
    /// <summary>Makes it.</summary>
    /// <param name="plan">The comparison.</param>
    /// <param name="arms">The arms, in the order of the file.</param>
    /// <param name="general">The base model.</param>
    public static ComparisonReport Build(ComparePlan plan, IReadOnlyList<FinishedArm> arms, TestRecord general)
    {
        var config = plan.Config;
        var reference = arms.Single(arm => arm.Name == config.Reference);
        var items = reference.Runs[0].Test.Test!.Items;
        var judging = new ScoreJudge(config, config.Settings.Score, items, plan.LossUnit);
        var losses = new ScoreJudge(config, ScoreKind.Loss, items, plan.LossUnit);
        return new ComparisonReport
        {
            Version = ComparisonReport.CurrentVersion,
            Program = ReportOrigin.Program(),
            Machine = ReportOrigin.Machine(plan.Jobs),
            Task = config.Run.Task,
            Score = judging.Meaning,
            ReadUnit = reference.Runs[0].Trace.Unit,
            LossUnit = plan.LossUnit,
            TestSamples = items.Losses.Count,
            SeenTests = plan.Seen,
            Seeds = config.Settings.Seeds,
            Reference = config.Reference,
            Steps = reference.Runs[0].Trace.Steps.Count,
            ReadBySeed = [.. reference.Runs.Select(run => run.Trace.Count)],
            Base = new BaseReport(general.Test?.Score, general.Test?.Loss, general.General),
            Arms =
            [
                .. arms.Select(arm => Arm(arm, new FigureBuilder(
                    arm, reference, general.General, judging, losses))),
            ],
            Caveats =
            [
                .. plan.Seen.Caveat is { } caveat ? [caveat] : Array.Empty<string>(),
                .. LearningCaveats.Of(
                    [.. arms.Select(arm => (arm.Name, arm.Runs.Count(run => run.Test.Test!.Items.HasOneAnswer), arm.Runs.Count))]),
            ],
            Verdicts = Judge(judging.Terms, judging.Of, arms, reference),
            LossVerdicts = judging.IsLoss ? [] : Judge(losses.Terms, losses.Of, arms, reference),
            LearningVerdicts = Judge(
                new VerdictTerms { IsLowerBetter = true },
                arm => ArmScores.OfScores(arm.Name, arm.Runs.ToDictionary(run => run.Seed, run => run.Trace.MeanLoss)),
                arms,
                reference),
            Sources = plan.Sources,
            Config = ReportOrigin.Yaml(config.Run, "compare", config.Settings),
        };
    }

    private static IReadOnlyList<Verdict> Judge(
        VerdictTerms terms, Func<FinishedArm, ArmScores> scoresOf, IReadOnlyList<FinishedArm> arms, FinishedArm reference) =>
        Verdicts.Judge(scoresOf(reference), [.. arms.Where(arm => arm != reference).Select(scoresOf)], terms);

    private static ArmReport Arm(FinishedArm arm, FigureBuilder figures) => new()
    {
        Name = arm.Name,
        Set = arm.Plan.Arm.Assignments,
        DataType = arm.Plan.Arm.Run.Training.DataType,
        LearningRate = arm.Rate.LearningRate,
        Tried = arm.Rate.Tried,
        TrainedParameters = arm.Runs[0].Record.TrainedParameters,
        FileBytes = arm.Runs[0].FileBytes,
        MergeMethod = arm.Runs[0].Test.MergeMethod,
        Figures = figures.Build(),
        Curves = [.. arm.Runs.Select(run => Curve.Of(run.Seed, run.Trace))],
    };
}
