using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training;
using ResLora.Training.Data;
using ResLora.Training.Data.Tasks;
using ResLora.Training.Generation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Merging;

/// <summary>The texts that a merge is calibrated on, or that its loss is measured on.</summary>
/// <param name="Source">Where they are from, for the report.</param>
/// <param name="Objective">What the model is for.</param>
/// <param name="Tokens">Their tokens and labels.</param>
/// <param name="Task">The task that they belong to; null for texts that a model wrote, and for tasks with labels.</param>
/// <param name="Samples">The same as text; empty where there is no task.</param>
internal sealed record MergeTexts(string Source, Objective Objective, IReadOnlyList<TokenizedSample> Tokens, ITask? Task, IReadOnlyList<Sample> Samples)
{
    private const int MostTokens = 512;

    /// <summary>Takes data that the user names, else the run's validation data, else texts that the model writes itself.</summary>
    public static MergeTexts ToMeasure(MergeOptions options, ModelSession session)
    {
        if (session.Model is EncoderModel)
        {
            return LabelledMergeTexts.ToMeasure(options, session);
        }

        if (options.Data is { } path)
        {
            var task = TaskRegistry.Get(options.Task!);
            return From(task, task.Read(path, TaskSplit.Test), options.Samples, path, session);
        }

        return OfRun(options.Adapter, session) is ({ Validation.Count: > 0 } data, var folder)
            ? From(data.Task, data.Validation, options.Samples, $"the validation data of the run in {folder}", session)
            : Written(session, firstSeed: 0, "measure");
    }

    /// <summary>Takes data that the user names, else the run's training data, else texts that the model writes itself (other ones than those measured on).</summary>
    public static MergeTexts ToCalibrate(MergeOptions options, ModelSession session)
    {
        if (session.Model is EncoderModel)
        {
            return LabelledMergeTexts.ToCalibrate(options, session);
        }

        if (options.Calibration is { } path)
        {
            var task = TaskRegistry.Get(options.Task!);
            return From(task, task.Read(path, TaskSplit.Train), options.CalibrationSamples, path, session);
        }

        return OfRun(options.Adapter, session) is ({ } data, var folder)
            ? From(data.Task, data.Train, options.CalibrationSamples, $"the training data of the run in {folder}", session)
            : Written(session, firstSeed: 1000, "calibrate");
    }

    /// <summary>An adapter in a run's best or last folder has the run's settings beside it.</summary>
    private static (GenerationRunData? Data, string Folder) OfRun(string adapter, ModelSession session)
    {
        var folder = RunFolder.Around(adapter);
        try
        {
            return (folder is null ? null : GenerationRunData.Read(RunConfig.Read(folder.ConfigFile), session.Tokenizer, session.Model), folder?.Path ?? "");
        }
        catch (ResLoraException)
        {
            // The run's data may be gone; there are other texts.
            return (null, "");
        }
    }

    private static NextTokenObjective ObjectiveOf(ModelSession session) => new(session.Causal, SampleEncoding.PadId(session.Tokenizer));

    private static MergeTexts From(ITask task, IReadOnlyList<Sample> samples, int count, string source, ModelSession session)
    {
        Sample[] taken = [.. samples.Take(count)];
        var encoding = SampleEncoding.For(session.Tokenizer, session.ModelFolder, Math.Min(MostTokens, session.Model.MaxPositions));
        var tokens = encoding.TokenizeAll(taken).Samples;
        return new MergeTexts($"{tokens.Count} samples of {source}", ObjectiveOf(session), tokens, task, taken);
    }

    private static MergeTexts Written(ModelSession session, int firstSeed, string purpose)
    {
        const int texts = 16;
        const int length = 64;
        var generator = new TextGenerator(session.Causal, session.Tokenizer);
        // A tokenizer without a begin token needs something to begin with.
        var prompt = session.Tokenizer.BeginId is null ? "The" : "";
        var samples = Enumerable.Range(firstSeed, texts)
            .Select(seed => string.Concat(generator.Stream(prompt, new GenerationConfig { Temperature = 1, Seed = seed, MaxNewTokens = length })))
            .Select(text => session.Tokenizer.Encode(prompt + text).ToArray())
            .Where(ids => ids.Length > 1)
            .Select(ids => new TokenizedSample(ids, [TokenizedSample.Masked, .. ids.Skip(1)]))
            .ToArray();
        return samples.Length > 0
            ? new MergeTexts($"{samples.Length} texts of at most {length} tokens that the unmerged model wrote", ObjectiveOf(session), samples, null, [])
            : throw new ConfigException($"There is no text to {purpose} on: the adapter has no run beside it and the model writes nothing; name data (--task, --data, --calibration).");
    }
}
