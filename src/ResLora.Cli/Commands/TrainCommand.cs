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
        var config = new Argument<string>("CONFIG.yaml") { Description = "Model, task, data, adapter and training; docs/configuration.md has every key." };
        var set = SharedOptions.Set();
        var maxMemory = SharedOptions.MaxMemory();
        var output = new Option<string?>("--output") { Description = "The folder of the run; overrides the file's.", HelpName = "DIR" };
        var resume = SharedOptions.Resume();
        var verb = new Verb(
            "train",
            "Fine-tune a model as a YAML file says. Ctrl-C saves a checkpoint that --resume goes on from.",
            "train samples/word-problems/reslora.yaml",
            "train my.yaml --set adapter.rank=16 --set adapter.targets=[q_proj,v_proj] --output runs/rank16",
            "train my.yaml --max-memory 6GB",
            "train my.yaml --output runs/rank16 --resume")
        {
            config,
            set,
            maxMemory,
            output,
            resume,
        };
        return verb.Does((line, context) =>
        {
            var settings = RunConfig.Read(line.GetRequiredValue(config), SharedOptions.Assignments(line.GetValue(set), line.GetValue(maxMemory)));
            if (line.GetValue(output) is { } folder)
            {
                settings = settings with { Output = Path.GetFullPath(folder) };
            }

            context.RequireTorch();
            var report = RunProgress.Show(context, progress => TrainJob.Run(settings, line.GetValue(resume), progress, context.Stop));
            context.Result(RunView.Document(report), terminal => RunView.Draw(report, settings, terminal));
            return report.Result.Interrupted ? ExitCode.Interrupted : ExitCode.Done;
        });
    }
}
