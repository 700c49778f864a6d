using System.CommandLine;
using ResLora.Adapters;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Plots;
using ResLora.Experiments.Quickstart;
using ResLora.Formats.Errors;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora quickstart</c>.</summary>
internal static class QuickstartCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var defaults = new QuickstartOptions { Output = Path.Combine("runs", "quickstart") };
        var structure = new Option<string>("--structure")
        {
            Description = "The shortcut that is compared with plain LoRA: input, block or middle.",
            HelpName = "KIND",
            DefaultValueFactory = _ => "input",
        };
        var steps = new Option<int>("--steps")
        {
            Description = "Optimizer steps of each run.",
            HelpName = "N",
            DefaultValueFactory = _ => defaults.Steps,
        };
        var heldOut = new Option<int>("--held-out")
        {
            Description = "Held-out problems to answer.",
            HelpName = "N",
            DefaultValueFactory = _ => defaults.HeldOut,
        };
        var seed = new Option<long>("--seed")
        {
            Description = "The seed of both runs.",
            HelpName = "S",
            DefaultValueFactory = _ => defaults.Seed,
        };
        var sample = new Option<string?>("--sample")
        {
            Description = "The sample's folder; by default samples/word-problems in this folder or above it.",
            HelpName = "DIR",
        };
        var output = new Option<string>("--output")
        {
            Description = "The folder to write; an earlier quickstart there is replaced.",
            HelpName = "DIR",
            DefaultValueFactory = _ => defaults.Output,
        };
        var verb = new Verb(
            "quickstart",
            "Fine-tune the sample model with LoRA and with ResLoRA, merge, evaluate on held-out problems and plot the loss. Takes two to three minutes on two cores.",
            "quickstart",
            "quickstart --structure block --output runs/block")
        {
            structure, steps, heldOut, seed, sample, output,
        };
        return verb.Does((line, context) =>
        {
            var options = new QuickstartOptions
            {
                Structure = line.GetRequiredValue(structure) switch
                {
                    "input" => ShortcutKind.Input,
                    "block" => ShortcutKind.Block,
                    "middle" => ShortcutKind.Middle,
                    var other => throw new ConfigException($"--structure is '{other}'; it must be input, block or middle."),
                },
                Steps = line.GetValue(steps),
                HeldOut = line.GetValue(heldOut),
                Seed = line.GetValue(seed),
                Sample = line.GetValue(sample),
                Output = line.GetRequiredValue(output),
            };
            context.RequireTorch();
            var report = RunProgress.Show(context, progress => QuickstartJob.Run(options, progress, context.Stop));
            if (!LossPlot.HasFonts)
            {
                context.Log(
                    $"This machine has no fonts, so {report.PlotFile} has no text; a package such as fonts-dejavu-core brings some.");
            }

            context.Result(report, terminal => QuickstartView.Draw(report, terminal));
            return report.Improved ? ExitCode.Done : ExitCode.Failed;
        });
    }
}
