using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Comparing.Runs;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora report</c>.</summary>
internal static class ReportCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var runs = new Argument<string[]>("RUN")
        {
            Description = "Folders of finished runs; the folder of a comparison stands for all of its runs.",
            Arity = ArgumentArity.OneOrMore,
        };
        var plot = new Option<string?>("--plot") { Description = "Draw the training losses of all into this PNG.", HelpName = "FILE" };
        var verb = new Verb(
            "report",
            "Show finished runs side by side: what was trained, losses, evaluations, time and size. For verdicts there is compare.",
            "report runs/lora runs/block",
            "report runs/* --plot losses.png",
            "report runs/word-problems-compare --json")
        {
            runs, plot,
        };
        return verb.Does((line, context) =>
        {
            var report = ReportJob.Run(line.GetRequiredValue(runs), line.GetValue(plot));
            context.Result(report, terminal => RunsView.Draw(report, terminal));
            return ExitCode.Done;
        });
    }
}
