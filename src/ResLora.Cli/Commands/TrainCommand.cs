using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Running;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora train</c>.</summary>
internal static class TrainCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var run = new RunArguments();
        var output = new Option<string?>("--output") { Description = "The folder of the run; overrides the file's.", HelpName = "DIR" };
        var resume = SharedOptions.Resume();
        var verb = new Verb(
            "train",
            "Fine-tune a model as a YAML file says, or with --model and --data alone. Ctrl-C saves a checkpoint that --resume goes on from. Started by mpirun, the processes share each step (docs/distributed.md).",
            "train samples/word-problems/reslora.yaml",
            "train my.yaml --set adapter.rank=16 --set adapter.targets=[q_proj,v_proj] --output runs/rank16",
            "train --model my-model --data questions.csv",
            "train --model my-vit --data birds",
            "train my.yaml --max-memory 6GB",
            "train my.yaml --output runs/rank16 --resume")
        {
            output,
            resume,
        };
        run.AddTo(verb);
        return verb.Does((line, context) =>
        {
            var settings = run.Read(line, context, line.GetValue(output));
            context.WaitForRanks(TimeSpan.FromSeconds(settings.Training.RankTimeout));
            var report = RunProgress.Show(
                context, progress => TrainJob.Run(settings, line.GetValue(resume), progress, context.Ranks, context.Stop));
            context.Result(RunView.Document(report), terminal => RunView.Draw(report, settings, terminal));
            return report.Result.Interrupted ? ExitCode.Interrupted : ExitCode.Done;
        }, isShared: true);
    }
}
