using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Pretraining;
using ResLora.Formats.Errors;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora pretrain</c>.</summary>
internal static class PretrainCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var config = new Argument<string>("CONFIG.yaml") { Description = "Texts, tokenizer, model and training; docs/configuration.md has every key." };
        var set = SharedOptions.Set();
        var output = new Option<string?>("--output") { Description = "The model folder to write; overrides the file's.", HelpName = "DIR" };
        var objective = new Option<string?>("--objective") { Description = "causal makes a Llama, mlm a RoBERTa; overrides the file's.", HelpName = "NAME" };
        var resume = SharedOptions.Resume();
        var overwrite = SharedOptions.Overwrite();
        var verb = new Verb(
            "pretrain",
            "Train a byte-level BPE tokenizer and a small Llama, or a small RoBERTa, from scratch.",
            "pretrain samples/word-problems/pretrain.yaml --output my-base",
            "pretrain my.yaml --set model.layers=6 --set training.steps=500",
            "pretrain my.yaml --objective mlm --output my-roberta")
        {
            config,
            set,
            output,
            objective,
            resume,
            overwrite,
        };
        return verb.Does((line, context) =>
        {
            context.RequireTorch();
            var settings = ConfigFile.Read<PretrainConfig>(line.GetRequiredValue(config), line.GetValue(set) ?? []);
            if (line.GetValue(output) is { } folder)
            {
                settings = settings with { Output = Path.GetFullPath(folder) };
            }

            if (line.GetValue(objective) is { } name)
            {
                settings = settings with
                {
                    Objective = name switch
                    {
                        "causal" => PretrainObjective.Causal,
                        "mlm" => PretrainObjective.MaskedTokens,
                        _ => throw new ConfigException($"--objective is '{name}'; it must be causal or mlm."),
                    },
                };
            }

            var report = RunProgress.Show(context, progress =>
                PretrainJob.Run(settings, line.GetValue(resume), line.GetValue(overwrite), progress, context.Stop));
            context.Result(RunView.Document(report), terminal => RunView.Draw(report, terminal));
            return report.Result.Interrupted ? ExitCode.Interrupted : ExitCode.Done;
        });
    }
}
