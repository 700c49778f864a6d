using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Imagining;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora strip</c>.</summary>
internal static class StripCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var runs = new Argument<string[]>("RUN")
        {
            Description = "The folder of a run of text to image that had samples; several are drawn one below another.",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string>("--output") { Description = "The PNG file to write.", HelpName = "FILE", Required = true };
        var prompts = new Option<int[]>("--prompt-number")
        {
            Description = "Draw this prompt of the runs, counted from 0; may be given several times. By default all.",
            HelpName = "N",
        };
        var verb = new Verb(
            "strip",
            "Draw the pictures that runs made while they learnt as one: prompts from above to below, steps from left to right.",
            "strip runs/lora runs/input --output strip.png")
        {
            runs, output, prompts,
        };
        return verb.Does((line, context) =>
        {
            var file = line.GetRequiredValue(output);
            StripJob.Run(line.GetRequiredValue(runs), file, line.GetValue(prompts) ?? []);
            context.Result(new { File = file }, terminal => terminal.Write(new Prose(file)));
            return ExitCode.Done;
        });
    }
}
