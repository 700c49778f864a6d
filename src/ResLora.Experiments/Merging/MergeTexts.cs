using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Training;
using ResLora.Training.Generation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Merging;

/// <summary>The texts that a merge is calibrated on, or that its loss is measured on.</summary>
/// <param name="Source">Where they are from, for the report.</param>
/// <param name="Objective">What the model is for.</param>
/// <param name="Tokens">Their tokens and labels.</param>
/// <param name="Task">The task that they belong to; null for texts that a model wrote, and for tasks with labels.</param>
/// <param name="Samples">The same as text; empty for tasks with labels.</param>
internal sealed record MergeTexts(string Source, TextObjective Objective, IReadOnlyList<TokenizedSample> Tokens, ITask? Task, IReadOnlyList<Sample> Samples)
{
    private const int MostTokens = 512;

    /// <summary>Texts as a tokenizer is given them: the part before the model goes on; the whole text where there is none.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [.. Samples.Select(sample => sample.Prompt.Length > 0 ? sample.Prompt : sample.Completion)];

    /// <summary>Takes data that the user names, else the run's validation data, else texts that the model writes itself.</summary>
    public static MergeTexts ToMeasure(MergeTextSource source, ModelSession session)
    {
        if (session.Model is EncoderModel)
        {
            return LabelledMergeTexts.ToMeasure(source, session);
        }

        if (source.Data is { } path)
        {
            var task = TaskOf(source, path);
            return From(task, task.Read(path, TaskSplit.Test, source.Samples), source.Samples, path, session);
        }

        var run = OfRun(source.Adapter, session);
        return run.Data is { Validation.Count: > 0 } data
            ? From(data.Task, data.Validation, source.Samples, $"the validation data of the run in {run.Folder}", session)
            : Written(session, firstSeed: 0, "measure", run.Fault);
    }

    /// <summary>Takes data that the user names, else the run's training data, else texts that the model writes itself (other ones than those measured on).</summary>
    public static MergeTexts ToCalibrate(MergeTextSource source, ModelSession session)
    {
        if (session.Model is EncoderModel)
        {
            return LabelledMergeTexts.ToCalibrate(source, session);
        }

        if (source.Calibration is { } path)
        {
            var task = TaskOf(source, path);
            return From(task, task.Read(path, TaskSplit.Train, source.CalibrationSamples), source.CalibrationSamples, path, session);
        }

        var run = OfRun(source.Adapter, session);
        return run.Data is { } data
            ? From(data.Task, data.Train, source.CalibrationSamples, $"the training data of the run in {run.Folder}", session)
            : Written(session, firstSeed: 1000, "calibrate", run.Fault);
    }

    private static ITask TaskOf(MergeTextSource source, string path) =>
        TaskRegistry.Get(source.Task ?? throw new ConfigException($"The task of '{path}' is missing, which says how it is read (--task)."));

    /// <summary>An adapter in a run's best or last folder has the run's settings beside it; if its data cannot be read, the fault says why.</summary>
    private static (GenerationRunData? Data, string Folder, string? Fault) OfRun(string? adapter, ModelSession session)
    {
        var folder = adapter is null ? null : RunFolder.Around(adapter);
        try
        {
            return (folder is null ? null : GenerationRunData.Read(RunConfig.Read(folder.ConfigFile), session.Tokenizer, session.Model), folder?.Path ?? "", null);
        }
        catch (ResLoraException error)
        {
            // The run's data may be gone; there are other texts, and the report says why they were taken.
            return (null, "", error.Message);
        }
    }

    private static NextTokenObjective ObjectiveOf(ModelSession session) => new(session.Causal, SampleEncoding.PadId(session.Tokenizer));

    private static MergeTexts From(ITask task, IReadOnlyList<Sample> samples, int count, string source, ModelSession session)
    {
        Sample[] taken = [.. samples.Take(count)];
        var encoding = SampleEncoding.For(session.Tokenizer, session.ModelFolder, Math.Min(MostTokens, session.Model.MaxPositions));
        var tokens = encoding.TokenizeAll(taken).Samples;
        var guessed = OtherNames.Describe(task.GuessedColumns) is { } columns ? $" ({columns})" : "";
        return new MergeTexts($"{tokens.Count} samples of {source}{guessed}", ObjectiveOf(session), tokens, task, taken);
    }

    private static MergeTexts Written(ModelSession session, int firstSeed, string purpose, string? fault)
    {
        const int texts = 16;
        const int length = 64;
        var generator = new TextGenerator(session.Causal, session.Tokenizer);
        // Where nothing is put in front of a text, the model needs something to begin with.
        var prompt = session.Tokenizer.Before.Count == 0 ? "The" : "";
        var written = Enumerable.Range(firstSeed, texts)
            .Select(seed => prompt + string.Concat(generator.Stream(prompt, new GenerationConfig { Temperature = 1, Seed = seed, MaxNewTokens = length })))
            .Select(text => (Text: text, Ids: session.Tokenizer.EncodePrompt(text).ToArray()))
            .Where(sample => sample.Ids.Length > 1)
            .ToArray();
        return written.Length > 0
            ? new MergeTexts(
                $"{written.Length} texts of at most {length} tokens that the unmerged model wrote{(fault is null ? "" : $", because the run's own data cannot be read ({fault})")}",
                ObjectiveOf(session),
                [.. written.Select(sample => new TokenizedSample(sample.Ids, [TokenizedSample.Masked, .. sample.Ids.Skip(1)]))],
                null,
                [.. written.Select(sample => new Sample("", sample.Text))])
            : throw new ConfigException($"There is no text to {purpose} on: the adapter has no run beside it and the model writes nothing; name data (--task, --data, --calibration).");
    }
}
