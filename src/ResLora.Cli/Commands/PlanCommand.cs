using ResLora.Cli.Rendering;
using ResLora.Experiments.Planning;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora plan</c>.</summary>
internal static class PlanCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var run = new RunArguments();
        var verb = new Verb(
            "plan",
            "Show what a training run would do, without running it: layers, chains, parameters, data, steps and memory. No weights are read.",
            "plan samples/word-problems/reslora.yaml",
            "plan my.yaml --set adapter.targets=all-linear --json",
            "plan --model my-model --data questions.csv");
        run.AddTo(verb);
        return verb.Does((line, context) =>
        {
            var settings = run.Read(line, context);
            context.RequireTorch();
            var report = PlanJob.Run(settings);
            context.Result(report, terminal => PlanView.Draw(report, terminal));
            return ExitCode.Done;
        });
    }
}
