using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Analyzing;
using ResLora.Experiments.Analyzing.Adapters;
using ResLora.Experiments.Places;
using ResLora.Formats.Errors;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora analyze</c>.</summary>
internal static class AnalyzeCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var file = new Argument<string?>("CONFIG.yaml")
        {
            Description = "The keys of a run, and perhaps a section analyze: arms, steps, samples; docs/analyze.md explains them.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var output = new Option<string?>("--output")
        {
            Description = "The folder of the analysis; by default the run's with -analysis behind it.",
            HelpName = "DIR",
        };
        var set = SharedOptions.Set();
        var adapter = new Option<string?>("--adapter")
        {
            Description = "Look at a trained adapter instead, without any training: sizes, effective ranks, likeness of neighbours.",
            HelpName = "DIR",
        };
        var model = new Option<string?>("--model")
        {
            Description = "With --adapter: its base model; by default the one that it names, if that is here.",
            HelpName = "DIR",
        };
        var verb = new Verb(
            "analyze",
            "Train LoRA and ResLoRA's shortcuts on the same data and measure on the way how gradients reach each layer: norms, own terms "
            + "and those of shortcuts, updates, ranks, alpha* of the merges. It may be stopped at any moment; the same line goes on with it.",
            "analyze samples/word-problems/reslora.yaml",
            "analyze my.yaml --set analyze.arms=[lora,input] --set analyze.steps=20 --output runs/gradients",
            "analyze --adapter runs/quickstart/reslora/last")
        {
            file, output, set, adapter, model,
        };
        return verb.Does((line, context) =>
        {
            context.RequireTorch();
            switch (line.GetValue(file), line.GetValue(adapter))
            {
                case ({ } path, null) when line.GetValue(model) is null:
                    var config = AnalyzeConfig.Read(path, line.GetValue(set) ?? []);
                    config = line.GetValue(output) is { } folder ? config with { Output = Path.GetFullPath(folder) } : config;
                    var plan = AnalyzePlan.Of(config);
                    var report = RunProgress.Show(context, progress => AnalyzeJob.Run(plan, progress, context.Stop));
                    context.Result(AnalyzeView.Document(report, config), terminal => AnalyzeView.Draw(report, config, terminal));
                    return ExitCode.Done;
                case (null, { } saved) when line.GetValue(output) is null && line.GetValue(set) is null or { Length: 0 }:
                    var seen = AdapterAnalysis.Of(HubPlaces.Model(saved), HubPlaces.Model(line.GetValue(model)));
                    context.Result(seen, terminal => AnalyzeView.Draw(seen, terminal));
                    return ExitCode.Done;
                default:
                    throw new ConfigException(
                        "analyze needs either a YAML file (with --set and --output), or an adapter (--adapter DIR, with --model).");
            }
        });
    }
}
