using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments;
using ResLora.Experiments.Imagining;
using ResLora.Experiments.Places;
using ResLora.Training.Generation;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora imagine</c>.</summary>
internal static class ImagineCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var (defaults, options) = (new ImageSettings(), new ImagineOptions { Model = "", Output = "" });
        var model = SharedOptions.Model();
        var adapter = SharedOptions.Adapter();
        var prompt = new Option<string>("--prompt") { Description = "What is to be seen.", HelpName = "TEXT", Required = true };
        var negative = new Option<string>("--negative")
        {
            Description = "What is not to be seen.",
            HelpName = "TEXT",
            DefaultValueFactory = _ => defaults.Negative,
        };
        var steps = new Option<int>("--steps")
        {
            Description = "The steps from noise to picture.",
            HelpName = "N",
            DefaultValueFactory = _ => defaults.Steps,
        };
        var guidance = new Option<double>("--guidance")
        {
            Description = "How strongly the prompt is followed; 1 takes half of the time, and the negative prompt has no effect then. Below 1 it is followed less; diffusers takes that as 1.",
            HelpName = "G",
            DefaultValueFactory = _ => defaults.Guidance,
        };
        var sampler = new Option<string?>("--sampler")
        {
            Description = "ddim, ddpm, euler, dpm++ or pndm; by default the pipeline's own.",
            HelpName = "NAME",
        };
        var seed = new Option<long>("--seed")
        {
            Description = "The seed of the noise: equal seeds give equal pictures. Each further picture has the next one.",
            HelpName = "S",
            DefaultValueFactory = _ => defaults.Seed,
        };
        var count = new Option<int>("--count")
        {
            Description = "How many pictures.",
            HelpName = "N",
            DefaultValueFactory = _ => options.Count,
        };
        var width = new Option<int?>("--width") { Description = "Width in pixels; by default the size that the model was made for.", HelpName = "N" };
        var height = new Option<int?>("--height") { Description = "Height in pixels; likewise.", HelpName = "N" };
        var output = new Option<string>("--output")
        {
            Description = "A PNG file, or a folder that gets a file for each seed. Prompt, seed, model and adapter are kept inside.",
            HelpName = "PATH",
            Required = true,
        };
        var dtype = SharedOptions.DataType();
        var verb = new Verb(
            "imagine",
            "Make pictures from a prompt, with a Stable Diffusion pipeline in diffusers' layout.",
            "imagine --model my-pipeline --prompt \"a red apple\" --seed 7 --output apple.png",
            "imagine --adapter runs/style/best --prompt \"a red apple\" --steps 20 --guidance 3 --count 4 --output apples")
        {
            model, adapter, prompt, negative, steps, guidance, sampler, seed, count, width, height, output, dtype,
        };
        return verb.Does((line, context) =>
        {
            var adapterFolder = HubPlaces.Model(line.GetValue(adapter));
            context.RequireTorch();
            var wanted = new ImagineOptions
            {
                Model = BaseModelFolder.Of(line.GetValue(model), adapterFolder),
                Adapter = adapterFolder,
                Settings = new ImageSettings
                {
                    Prompt = line.GetRequiredValue(prompt),
                    Negative = line.GetRequiredValue(negative),
                    Steps = line.GetValue(steps),
                    Guidance = line.GetValue(guidance),
                    Sampler = line.GetValue(sampler),
                    Seed = line.GetValue(seed),
                    Width = line.GetValue(width),
                    Height = line.GetValue(height),
                },
                Count = line.GetValue(count),
                Output = line.GetRequiredValue(output),
                DataType = line.GetRequiredValue(dtype),
                Ranks = context.Ranks,
            };
            var pictures = RunProgress.Show(context, progress => ImagineJob.Run(wanted, progress, context.Stop));
            context.Result(new { Pictures = pictures }, console =>
            {
                foreach (var picture in pictures)
                {
                    console.Write(new Prose(picture.File));
                }
            });
            return ExitCode.Done;
        }, isShared: true);
    }
}
