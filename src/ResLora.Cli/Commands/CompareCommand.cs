using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Comparing;

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
        var output = new Option<string?>("--output") { Description = "The folder of the comparison; overrides the file's.", HelpName = "DIR" };
        var set = SharedOptions.Set();
        var plan = new Option<bool>("--plan") { Description = "Show the arms and what their runs take, and train nothing." };
        var verb = new Verb(
            "compare",
            "Train several arms with several seeds on the same data in the same order, test them, and say which differences are more than chance. " +
            "It may be stopped at any moment; the same line goes on with it.",
            "compare samples/word-problems/compare.yaml",
            "compare samples/word-problems/compare.yaml --plan",
            "compare my.yaml --set compare.arms=paper --set compare.seeds=[1,2,3,4,5] --output runs/paper")
        {
            file, output, set, plan,
        };
        return verb.Does((line, context) =>
        {
            var config = CompareConfig.Read(line.GetRequiredValue(file), line.GetValue(set) ?? []);
            if (line.GetValue(output) is { } folder)
            {
                config = config with { Output = Path.GetFullPath(folder) };
            }

            context.RequireTorch();
            var planned = ComparePlan.Of(config);
            if (line.GetValue(plan))
            {
                context.Result(CompareView.Document(planned), terminal => CompareView.Draw(planned, terminal));
                return ExitCode.Done;
            }

            var report = RunProgress.Show(context, progress => CompareJob.Run(planned, progress, context.Stop));
            context.Result(report, terminal => CompareView.Draw(report, config, terminal));
            return ExitCode.Done;
        });
    }
}
