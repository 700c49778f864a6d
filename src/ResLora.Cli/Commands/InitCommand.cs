using System.CommandLine;
using ResLora.Experiments.Reference;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora init</c>.</summary>
internal static class InitCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var file = new Argument<string>("FILE") { Description = "The YAML file to write; never one that is there.", DefaultValueFactory = _ => "reslora.yaml" };
        var model = new Option<string?>("--model") { Description = "The model folder to write into it.", HelpName = "DIR" };
        var data =
            new Option<string?>("--data") { Description = "The training data to write into it, a file or a folder.", HelpName = "PATH" };
        var task = new Option<string?>("--task") { Description = "The task; by default the one that the model and the data's columns belong to.", HelpName = "NAME" };
        var verb = new Verb(
            "init",
            "Write a commented YAML file for 'reslora train' to start from.",
            "init",
            "init my.yaml --model my-model --data questions.csv",
            "init my.yaml --model my-vit --data birds")
        {
            file, model, data, task,
        };
        return verb.Does((line, context) =>
        {
            context.RequireTorch();
            var path = line.GetRequiredValue(file);
            if (ConfigTemplate.Write(path, line.GetValue(model), line.GetValue(data), line.GetValue(task)) is { } found)
            {
                context.Log(found);
            }

            context.Result(
                new { File = Path.GetFullPath(path) },
                terminal => Rendering.Tables.Line(terminal, $"{path} is written. Next: reslora plan {path}"));
            return ExitCode.Done;
        });
    }
}
