using System.CommandLine;
using ResLora.Adapters.Merging;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Merging;
using ResLora.Formats.Errors;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora merge</c>.</summary>
internal static class MergeCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var adapter = new Option<string>("--adapter") { Description = "The adapter folder, such as RUN/best.", HelpName = "DIR", Required = true };
        var model = new Option<string?>("--model") { Description = "The base model's folder; by default the one that the adapter names.", HelpName = "DIR" };
        var method = new Option<string?>("--method") { Description = "exact (LoRA and the block shortcut), input or weights (input and middle shortcut). By default exact where it fits, else input.", HelpName = "METHOD" };
        var target = new Option<string>("--as") { Description = "lora writes a PEFT adapter folder, model a Hugging Face model folder.", HelpName = "KIND", Required = true };
        var output = new Option<string>("--output") { Description = "The folder to write.", HelpName = "DIR", Required = true };
        var overwrite = SharedOptions.Overwrite();
        var task = new Option<string?>("--task") { Description = "The task of --data.", HelpName = "NAME" };
        var data = new Option<string?>("--data") { Description = "Texts to measure the loss of merging on; by default the run's validation data, or texts that the model writes.", HelpName = "PATH" };
        var verb = new Verb(
            "merge",
            "Merge an adapter into ordinary LoRA or into the model, measure what that costs, and read the result back.",
            "merge --adapter runs/quickstart/reslora/last --method input --as lora --output my-lora",
            "merge --adapter runs/quickstart/reslora/last --method weights --as model --output my-model --json")
        {
            adapter, model, method, target, output, overwrite, task, data,
        };
        return verb.Does((line, context) =>
        {
            var options = new MergeOptions
            {
                Adapter = line.GetRequiredValue(adapter),
                Model = line.GetValue(model),
                Method = line.GetValue(method) is { } name ? MergeMethods.Parse(name) : null,
                As = line.GetRequiredValue(target) switch
                {
                    "lora" => MergeTarget.Lora,
                    "model" => MergeTarget.Model,
                    var other => throw new ConfigException($"--as is '{other}'; it must be lora or model."),
                },
                Output = line.GetRequiredValue(output),
                Overwrite = line.GetValue(overwrite),
                Task = line.GetValue(task),
                Data = line.GetValue(data),
            };
            context.RequireTorch();
            var report = MergeJob.Run(options);
            context.Result(report, terminal => MergeView.Draw(report, terminal));
            return ExitCode.Done;
        });
    }
}
