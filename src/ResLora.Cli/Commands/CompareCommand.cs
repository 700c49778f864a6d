using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Reports;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora compare</c>.</summary>
internal static class CompareCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var file = new Argument<string>("CONFIG.yaml")
        {
            Description = "The keys of a run and a section compare: arms, seeds, test data; docs/compare.md explains them.",
        };
        var output =
            new Option<string?>("--output") { Description = "The folder of the comparison; overrides the file's.", HelpName = "DIR" };
        var set = SharedOptions.Set();
        var plan = new Option<bool>("--plan") { Description = "Show the arms and what their runs take, and train nothing." };
        var check = new Option<string?>("--check")
        {
            Description = "Say whether the comparison agrees with an earlier one, in every figure but time and memory: its report.json or " +
                "its folder.",
            HelpName = "REPORT",
        };
        var jobs = SharedOptions.Jobs();
        var verb = new Verb(
            "compare",
            "Train several arms with several seeds on the same data in the same order, test them, and say which differences are more than " +
            "chance. " +
            "It may be stopped at any moment; the same line goes on with it. Started by mpirun, the processes share the runs " +
            "(docs/distributed.md).",
            "compare samples/word-problems/compare.yaml",
            "compare samples/word-problems/compare.yaml --plan",
            "compare my.yaml --set compare.arms=paper --set compare.seeds=[1,2,3,4,5] --output runs/paper",
            "compare my.yaml --output runs/again --check runs/paper/report.json")
        {
            file, output, set, jobs, plan, check,
        };
        return verb.Does((line, context) => RankFarm.Do(context, line.GetValue(jobs), farm =>
        {
            var config = CompareConfig.Read(line.GetRequiredValue(file), line.GetValue(set) ?? []);
            if (line.GetValue(output) is { } folder)
            {
                config = config with { Output = Path.GetFullPath(folder) };
            }

            context.WaitForRanks(TimeSpan.FromSeconds(config.Run.Training.RankTimeout));
            // Before any training: a report that cannot be read checks nothing.
            var earlier = line.GetValue(check) is { } path ? ComparisonReport.Read(path) : null;
            context.RequireTorch();
            var planned = ComparePlan.Of(config, line.GetValue(jobs));
            if (line.GetValue(plan))
            {
                context.Result(CompareView.Document(planned), terminal => CompareView.Draw(planned, terminal));
                return ExitCode.Done;
            }

            var report = RunProgress.Show(
                context, progress => CompareJob.Run(planned, ThisProgram.Line(typeof(ThisProgram).Assembly), farm, progress, context.Stop));
            var differences = earlier is null ? null : ReportCheck.Of(earlier, report);
            context.Result(CompareView.Document(report, differences), terminal => CompareView.Draw(report, config, differences, terminal));
            return differences is { Count: > 0 } ? ExitCode.Failed : ExitCode.Done;
        }), isShared: true);
    }
}
