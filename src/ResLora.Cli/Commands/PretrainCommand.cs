using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Pretraining;

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
        var objective = new Option<string?>("--objective")
        {
            Description = "causal makes a Llama, mlm a RoBERTa, image-classification a ViT; overrides the file's.",
            HelpName = "NAME",
        };
        var initOnly = new Option<bool>("--init-only")
        {
            Description = "Write the model with random weights, one tensor at a time, and train nothing.",
        };
        var shardSize = new Option<string?>("--max-shard-size")
        {
            Description = "The most bytes of weights in one file, such as 2GB; overrides the file's.",
            HelpName = "SIZE",
        };
        var resume = SharedOptions.Resume();
        var overwrite = SharedOptions.Overwrite();
        var verb = new Verb(
            "pretrain",
            "Train a small model from scratch: a Llama or a RoBERTa with a byte-level BPE tokenizer, or a ViT.",
            "pretrain samples/word-problems/pretrain.yaml --output my-base",
            "pretrain my.yaml --set model.layers=6 --set training.steps=500",
            "pretrain my.yaml --objective mlm --output my-roberta",
            "pretrain my.yaml --init-only --output untrained")
        {
            config,
            set,
            output,
            objective,
            initOnly,
            shardSize,
            resume,
            overwrite,
        };
        return verb.Does((line, context) =>
        {
            context.RequireTorch();
            var settings = ConfigFile.Located(ConfigFile.Read<PretrainConfig>(
                line.GetRequiredValue(config),
                [.. line.GetValue(set) ?? [], .. Overrides(line.GetValue(objective), line.GetValue(initOnly), line.GetValue(shardSize))]));
            if (line.GetValue(output) is { } folder)
            {
                settings = settings with { Output = Path.GetFullPath(folder) };
            }

            var report = RunProgress.Show(context, progress =>
                PretrainJob.Run(settings, line.GetValue(resume), line.GetValue(overwrite), progress, context.Stop));
            context.Result(RunView.Document(report), terminal => RunView.Draw(report, terminal));
            return report.Result is { Interrupted: true } ? ExitCode.Interrupted : ExitCode.Done;
        });
    }

    /// <summary>As assignments, because what else the file must say depends on them.</summary>
    private static IEnumerable<string> Overrides(string? objective, bool initOnly, string? shardSize)
    {
        if (objective is not null)
        {
            yield return $"objective={objective}";
        }

        if (initOnly)
        {
            yield return "initOnly=true";
        }

        if (shardSize is not null)
        {
            yield return $"maxShardSize={shardSize}";
        }
    }
}
