using System.CommandLine;
using ResLora.Adapters.Merging;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Places;
using ResLora.Formats;
using ResLora.Formats.Errors;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora merge</c>.</summary>
internal static class MergeCommand
{
    private const string Auto = "auto";

    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var adapter = new Option<string>("--adapter")
        {
            Description = "The adapter folder, such as RUN/best.",
            HelpName = "DIR",
            Required = true,
        };
        var model = new Option<string?>("--model")
        {
            Description = "The base model's folder; by default the one that the adapter names.",
            HelpName = "DIR",
        };
        var method = new Option<string?>("--method")
        {
            Description = "exact (LoRA, the block shortcut, annealed shortcuts); least-squares, projection, input, weights or dropped (input and middle shortcut); " +
                "auto measures all that fit and takes the best. By default exact where it fits, else least-squares.",
            HelpName = "METHOD",
        };
        var rank = SharedOptions.Rank();
        var compare = new Option<bool>("--compare")
        {
            Description =
                "Measure every method that fits on the same texts or pictures and rank them; without --output nothing is written.",
        };
        var target = new Option<string?>("--as")
        {
            Description = "lora writes a PEFT adapter folder, model a Hugging Face model folder.",
            HelpName = "KIND",
        };
        var output = new Option<string?>("--output") { Description = "The folder to write.", HelpName = "DIR" };
        var overwrite = SharedOptions.Overwrite();
        var task = new Option<string?>("--task") { Description = "The task of --data and --calibration.", HelpName = "NAME" };
        var data = new Option<string?>("--data")
        {
            Description = "Texts or pictures to measure the loss of merging on; by default the run's validation data, or texts that the model writes, or random ones.",
            HelpName = "PATH",
        };
        var samples = new Option<int>("--samples")
        {
            Description = "How many of them to take.",
            HelpName = "N",
            DefaultValueFactory = _ => 64,
        };
        var noAnswers = new Option<bool>("--no-answers") { Description = "Measure the loss only: generate no answers to compare." };
        var calibration = new Option<string?>("--calibration")
        {
            Description = "Texts or pictures for least-squares and projection; by default the run's training data, or texts that the model writes, or random ones.",
            HelpName = "PATH",
        };
        var calibrationSamples = new Option<int>("--calibration-samples")
        {
            Description = "How many of them to take.",
            HelpName = "N",
            DefaultValueFactory = _ => 256,
        };
        var memory = new Option<string>("--calibration-memory")
        {
            Description = "The most memory for calibrating, such as 2GiB; what does not fit is done in several passes over the texts.",
            HelpName = "SIZE",
            DefaultValueFactory = _ => "2GiB",
        };
        var sequential = new Option<bool>("--sequential")
        {
            Description = "least-squares layer by layer, each on the activations of the layers merged before it; takes a pass over the " +
                "texts for each.",
        };
        var ridge = new Option<double>("--ridge")
        {
            Description = "least-squares: how strongly the result is held to the trained A; more for fewer texts.",
            HelpName = "X",
            DefaultValueFactory = _ => MergeSettings.DefaultRidge,
        };
        var verb = new Verb(
            "merge",
            "Merge an adapter into ordinary LoRA or into the model, measure what that costs, and read the result back.",
            "merge --adapter runs/quickstart/reslora/last --as lora --output my-lora",
            "merge --adapter runs/quickstart/reslora/last --compare",
            "merge --adapter runs/quickstart/reslora/last --method auto --as model --output my-model --json")
        {
            adapter, model, method, rank, compare, target, output, overwrite, task, data, samples, noAnswers, calibration, calibrationSamples, memory, sequential, ridge,
        };
        return verb.Does((line, context) =>
        {
            var name = line.GetValue(method);
            var options = new MergeOptions
            {
                Adapter = HubPlaces.Model(line.GetRequiredValue(adapter)),
                Model = HubPlaces.Model(line.GetValue(model)),
                Method = name is null or Auto ? null : MergeMethods.Parse(name),
                Rank = line.GetValue(rank),
                Compare = line.GetValue(compare) || name == Auto,
                Sequential = line.GetValue(sequential),
                Ridge = line.GetValue(ridge),
                CalibrationMemory = ByteSize.Parse("--calibration-memory", line.GetRequiredValue(memory)),
                Calibration = HubPlaces.Data(line.GetValue(calibration)),
                CalibrationSamples = line.GetValue(calibrationSamples),
                As = line.GetValue(target) switch
                {
                    null => null,
                    "lora" => MergeTarget.Lora,
                    "model" => MergeTarget.Model,
                    var other => throw new ConfigException($"--as is '{other}'; it must be lora or model."),
                },
                Output = line.GetValue(output),
                Overwrite = line.GetValue(overwrite),
                Task = line.GetValue(task),
                Data = HubPlaces.Data(line.GetValue(data)),
                Samples = line.GetValue(samples),
                Answers = !line.GetValue(noAnswers),
            };
            context.RequireTorch();
            var report = RunProgress.Show(context, progress => MergeJob.Run(options, progress, context.Stop));
            context.Result(report, terminal => MergeView.Draw(report, terminal));
            return ExitCode.Done;
        });
    }
}
