using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Importing;
using ResLora.Experiments.Places;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora import</c>.</summary>
internal static class ImportCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var checkpoint = new Argument<string>("CHECKPOINT")
        {
            Description = "A model in GGUF (.gguf; of several files the first), or a .safetensors or .ckpt file with the whole pipeline, Stable Diffusion 1 or 2. Nothing in a .ckpt is executed.",
        };
        var like = new Option<string>("--like")
        {
            Description = "For a pipeline: a pipeline folder whose configurations, tokenizer and scheduler are taken; it needs no weights.",
            HelpName = "DIR",
        };
        var output = new Option<string>("--output") { Description = "The folder to write.", HelpName = "DIR", Required = true };
        var overwrite = SharedOptions.Overwrite();
        var averaged = new Option<bool>("--averaged") { Description = "Take the averaged weights of the UNet, where the file has them." };
        var dtype = new Option<string>("--dtype")
        {
            Description =
                "The type to store: float16, bfloat16, float32, or auto for that of the file (float32 for what GGUF packs in blocks).",
            HelpName = "TYPE",
            DefaultValueFactory = _ => "auto",
        };
        var verb = new Verb(
            "import",
            "Make a folder of a model that is one file: Hugging Face's layout from GGUF, diffusers' from a Stable Diffusion checkpoint.",
            "import model.gguf --output my-model",
            "import model.safetensors --like stable-diffusion-v1-5 --output my-pipeline",
            "import model.ckpt --averaged --dtype float16 --like stable-diffusion-v1-5 --output my-pipeline")
        {
            checkpoint, like, output, overwrite, averaged, dtype,
        };
        return verb.Does((line, context) =>
        {
            context.RequireTorch();
            var report = ImportJob.Run(
                new ImportOptions
                {
                    Checkpoint = HubPlaces.Model(line.GetRequiredValue(checkpoint)),
                    Like = HubPlaces.Model(line.GetValue(like)),
                    Output = line.GetRequiredValue(output),
                    Overwrite = line.GetValue(overwrite),
                    Averaged = line.GetValue(averaged),
                    DataType = line.GetRequiredValue(dtype),
                },
                context.Stop);
            context.Result(report, console =>
            {
                foreach (var part in report.Parts)
                {
                    console.Write(new Prose($"{part.Name}: {part.Tensors} tensors, {part.Parameters:N0} numbers in {part.DataType}"));
                }

                if (report.LeftOut.Count > 0)
                {
                    console.Write(new Prose($"{report.LeftOut.Count} tensors of the file were not needed."));
                }

                console.Write(new Prose($"Written: {report.Output}"));
            });
            return ExitCode.Done;
        });
    }
}
