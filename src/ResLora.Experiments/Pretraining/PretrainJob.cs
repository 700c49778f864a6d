using System.Globalization;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Loop;
using ResLora.Training.Planning;

namespace ResLora.Experiments.Pretraining;

/// <summary>Trains a small model from scratch (a Llama or a RoBERTa with its tokenizer, a ViT), by the same loop that fine-tunes; or writes
/// a model of any size with random weights.</summary>
public static class PretrainJob
{
    /// <summary>Runs the job and writes the model folder.</summary>
    /// <param name="config">What to make of which texts.</param>
    /// <param name="resume">Whether an earlier run goes on from its newest checkpoint.</param>
    /// <param name="overwrite">Whether an existing model folder may be replaced.</param>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="stop">Ends the run after the step in hand, with a checkpoint.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="TrainingFailedException">The loss or a gradient is not finite.</exception>
    public static PretrainReport Run(
        PretrainConfig config, bool resume =
            false, bool overwrite = false, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ConfigBinder.ThrowIfAny("The settings for pretraining", [.. config.Problems()]);
        OutputGuard.RequireFolder(config.Output, overwrite, Inputs(config));
        if (config.InitOnly)
        {
            return WriteOnly(config, overwrite, progress);
        }

        var folder = new RunFolder(RunOf(config));
        folder.RequireReady(resume);
        using var made = NewModel.Of(config);
        made.Initialize();
        var (train, heldOut, fact) = made.Encode();
        var numbers = made.Model.named_parameters().Sum(p => p.parameter.numel());
        DiskSpace.Require(
            folder.Path,
            RunPlan.RoomOnDisk(numbers, Bytes(config, numbers), config.Training) - (resume ? DiskSpace.Used(folder.Path) : 0),
            "The run's files");
        DiskSpace.Require(config.Output, Bytes(config, numbers), "The model's files");
        var parameters = made.Model.named_parameters().Select(p => KeyValuePair.Create(p.name, p.parameter)).ToArray();
        var count = parameters.Sum(p => p.Value.numel());
        progress?.Report(new RunStarted(
        [
            Fact(config, made, count),
            fact,
            new("run", folder.Path),
        ]));
        var setup = new TrainSetup(
            made.Objective, parameters, train, heldOut, config.Training, folder.Path, made.Save)
        {
            SaveSettings = () => folder.Save(config),
        };
        var result = new Trainer(setup).Run(progress, resume, stop);
        if (!result.Interrupted)
        {
            Publish(folder.BestOrLast, config, overwrite);
        }

        return new PretrainReport(config.Output, folder.Path, count, made.Vocabulary, result);
    }

    private static PretrainReport WriteOnly(PretrainConfig config, bool overwrite, IProgress<RunEvent>? progress)
    {
        using var made = NewModel.Of(config);
        var count = made.Model.named_parameters().Sum(p => p.parameter.numel());
        DiskSpace.Require(config.Output, Bytes(config, count), "The model's files");
        progress?.Report(new RunStarted([Fact(config, made, count)]));
        made.SaveUntrained(config.Output, overwrite);
        return new PretrainReport(config.Output, null, count, made.Vocabulary, null);
    }

    private static long Bytes(PretrainConfig config, long numbers) =>
        numbers * (config.SaveAs == "float32" ? sizeof(float) : sizeof(short));

    private static KeyValuePair<string, string> Fact(PretrainConfig config, NewModel made, long parameters) => new(
        "model", string.Create(
            CultureInfo.InvariantCulture,
            $"{config.Model.Layers} layers, {parameters:N0} parameters{(made.Vocabulary is { } tokens ? $", {tokens} tokens" : "")}"));

    private static string?[] Inputs(PretrainConfig config) =>
        [config.Texts, config.Pictures, config.Tokenizer.From, config.InitOnly ? null : RunOf(config)];

    private static string RunOf(PretrainConfig config) => config.Run ?? config.Output + "-run";

    private static void Publish(string saved, PretrainConfig config, bool overwrite) => AtomicFolder.Write(
        config.Output,
        folder =>
        {
            foreach (var file in Directory.EnumerateFiles(saved).Where(file => Path.GetFileName(file) != OutputMarker.FileName))
            {
                using var content = File.OpenRead(file);
                AtomicFile.Write(Path.Combine(folder, Path.GetFileName(file)), content.CopyTo);
            }
        },
        overwrite,
        Inputs(config));
}
