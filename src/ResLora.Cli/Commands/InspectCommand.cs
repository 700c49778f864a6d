using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Inspection;
using ResLora.Experiments.Places;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora inspect</c>.</summary>
internal static class InspectCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var path = new Argument<string>("PATH") { Description = "A model folder, an adapter folder (PEFT's, reslora's, mlx-lm's), a LoRA file, a .safetensors or .gguf file, or hub:org/name." };
        var model = new Option<string?>("--model")
        {
            Description = "Hold an adapter against this model; by default against the one that it names, if that is here.",
            HelpName = "DIR",
        };
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor. --json always does." };
        var verb = new Verb(
            "inspect",
            "Show what a model, an adapter, a safetensors file or a GGUF file holds. Of models only headers are read, so any size takes a moment; "
            + "of adapters the factors, too: dead blocks, NaN, effective ranks, and what does not fit the base model.",
            "inspect samples/word-problems/base",
            "inspect runs/quickstart/reslora/last --tensors",
            "inspect my-lora.safetensors --model my-pipeline")
        {
            path,
            model,
            tensors,
        };
        return verb.Does((line, context) =>
        {
            var report = Inspector.Inspect(HubPlaces.Model(line.GetRequiredValue(path)), HubPlaces.Model(line.GetValue(model)));
            context.Result(InspectionView.Document(report), terminal => InspectionView.Draw(report, line.GetValue(tensors), terminal));
            return ExitCode.Done;
        });
    }
}
