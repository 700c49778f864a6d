using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Inspection;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora inspect</c>.</summary>
internal static class InspectCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var path = new Argument<string>("PATH") { Description = "A model folder, an adapter folder, or a .safetensors or .gguf file." };
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor. --json always does." };
        var verb = new Verb(
            "inspect",
            "Show what a model, an adapter, a safetensors file or a GGUF file holds. Only headers are read, so any size takes a moment.",
            "inspect samples/word-problems/base",
            "inspect runs/quickstart/reslora/last --tensors")
        {
            path,
            tensors,
        };
        return verb.Does((line, context) =>
        {
            var report = Inspector.Inspect(line.GetRequiredValue(path));
            context.Result(InspectionView.Document(report), terminal => InspectionView.Draw(report, line.GetValue(tensors), terminal));
            return ExitCode.Done;
        });
    }
}
