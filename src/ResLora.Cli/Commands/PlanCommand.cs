using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Planning;
using ResLora.Formats.Errors;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora plan</c>.</summary>
internal static class PlanCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var run = new RunArguments();
        var show = new Option<int>("--show")
        {
            Description = "Print the first samples with every token marked: trained, read, or cut off.",
            HelpName = "N",
        };
        var verb = new Verb(
            "plan",
            "Show what a training run would do, without running it: layers, chains, parameters, data, steps and memory. No weights are read.",
            "plan samples/word-problems/reslora.yaml",
            "plan my.yaml --set adapter.targets=all-linear --json",
            "plan --model my-model --data questions.csv",
            "plan --model my-chat-model --data conversations.jsonl --show 3");
        run.AddTo(verb);
        verb.Options.Add(show);
        return verb.Does((line, context) =>
        {
            var count = line.GetValue(show);
            if (count < 0)
            {
                throw new ConfigException($"--show is {count}; it must be 0 or more.");
            }

            var settings = run.Read(line, context);
            var report = PlanJob.Run(settings, count);
            context.Result(report, terminal => PlanView.Draw(report, terminal));
            return ExitCode.Done;
        });
    }
}
