using System.CommandLine;
using ResLora.Adapters.Merging;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Places;
using ResLora.Formats.Errors;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora export</c>.</summary>
internal static class ExportCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var names = string.Join(", ", ExportTargets.All.Select(t => t.Name));
        var model = new Option<string?>("--model")
        {
            Description = "The model's folder; by default the base model that the adapter names.",
            HelpName = "DIR",
        };
        var adapter = new Option<string?>("--adapter")
        {
            Description = "The adapter folder, such as RUN/best; without it the model alone is exported.",
            HelpName = "DIR",
        };
        var to = new Option<string?>("--to") { Description = $"What it is for: {names}.", HelpName = "TARGET" };
        var type = new Option<string?>("--type")
        {
            Description = "How weights are stored: f32, f16, bf16 or, in GGUF files, q8_0. By default as in the source.",
            HelpName = "TYPE",
        };
        var output = new Option<string?>("--output") { Description = "The folder to write.", HelpName = "DIR" };
        var overwrite = SharedOptions.Overwrite();
        var plan = new Option<bool>("--plan") { Description = "Show what would be kept, baked in or lost, and write nothing." };
        var lossy = new Option<bool>("--allow-lossy") { Description = "Export although something is lost." };
        var method = new Option<string?>("--method")
        {
            Description = "How shortcuts are merged, a method of 'reslora merge'; by default exact where it fits, else least-squares on " +
                "the run's training data.",
            HelpName = "METHOD",
        };
        var rank = SharedOptions.Rank();
        var task = new Option<string?>("--task") { Description = "The task of --data.", HelpName = "NAME" };
        var data = new Option<string?>("--data")
        {
            Description = "Texts or pictures to prove the export on; by default the run's validation data, or texts that the model writes, or random ones.",
            HelpName = "PATH",
        };
        var check = new Option<string?>("--check")
        {
            Description = "Check this export again: its files, and its numbers if its sources are still there. Needs no other option.",
            HelpName = "DIR",
        };
        var verb = new Verb(
            "export",
            "Export a model or an adapter for other tools, read it back, and prove on texts or pictures that it computes what was exported.",
            "export --adapter runs/quickstart/reslora/last --to vllm --output my-lora",
            "export --adapter runs/quickstart/reslora/last --to hf --type bf16 --output my-model",
            "export --adapter runs/quickstart/reslora/last --to peft --plan",
            "export --check my-lora")
        {
            model, adapter, to, type, output, overwrite, plan, lossy, method, rank, task, data, check,
        };
        return verb.Does((line, context) =>
        {
            if (line.GetValue(check) is { } folder)
            {
                context.RequireTorch();
                var found = ExportCheck.Run(folder);
                context.Result(found, terminal => ExportView.DrawCheck(found, terminal));
                return found.Passed ? ExitCode.Done : ExitCode.Failed;
            }

            var options = new ExportOptions
            {
                Model = HubPlaces.Model(line.GetValue(model)),
                Adapter = HubPlaces.Model(line.GetValue(adapter)),
                To = line.GetValue(to) ?? throw new ConfigException($"--to is missing; it says what the export is for: {names}."),
                Type = line.GetValue(type) is { } name ? ExportTypes.Parse(name) : null,
                Output = line.GetValue(output),
                Overwrite = line.GetValue(overwrite),
                AllowLossy = line.GetValue(lossy),
                Method = line.GetValue(method) is { } wanted ? MergeMethods.Parse(wanted) : null,
                Rank = line.GetValue(rank),
                Task = line.GetValue(task),
                Data = HubPlaces.Data(line.GetValue(data)),
            };
            context.RequireTorch();
            if (line.GetValue(plan))
            {
                var planned = ExportJob.Plan(options);
                context.Result(planned, terminal => ExportView.DrawPlan(planned, terminal));
                return ExitCode.Done;
            }

            var report = ExportJob.Run(options);
            var next = ExportJob.Next(report, options.Output!);
            context.Result(
                new { options.Output, Report = report, Next = next }, terminal => ExportView.Draw(report, options.Output!, next, terminal));
            return ExitCode.Done;
        });
    }
}
