using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora plan</c>.</summary>
internal static class PlanCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var config = new Argument<string>("CONFIG.yaml") { Description = "What 'reslora train' would be given." };
        var set = SharedOptions.Set();
        var maxMemory = SharedOptions.MaxMemory();
        var verb = new Verb(
            "plan",
            "Show what a training run would do, without running it: layers, chains, parameters, data, steps and memory. No weights are read.",
            "plan samples/word-problems/reslora.yaml",
            "plan my.yaml --set adapter.targets=all-linear --json")
        {
            config,
            set,
            maxMemory,
        };
        return verb.Does((line, context) =>
        {
            var settings = RunConfig.Read(line.GetRequiredValue(config), SharedOptions.Assignments(line.GetValue(set), line.GetValue(maxMemory)));
            context.RequireTorch();
            var report = PlanJob.Run(settings);
            context.Result(report, terminal => PlanView.Draw(report, terminal));
            return ExitCode.Done;
        });
    }
}
