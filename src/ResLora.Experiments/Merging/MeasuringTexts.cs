using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Training;
using ResLora.Training.Data;
using ResLora.Training.Data.Tasks;
using ResLora.Training.Generation;

namespace ResLora.Experiments.Merging;

/// <summary>The texts that the loss of merging is measured on.</summary>
/// <param name="Source">Where they are from, for the report.</param>
/// <param name="Sequences">Their tokens.</param>
internal sealed record MeasuringTexts(string Source, IReadOnlyList<IReadOnlyList<int>> Sequences)
{
    private const int MostTexts = 64;
    private const int MostTokens = 512;

    /// <summary>Takes data that the user names, else the run's validation data, else texts that the model writes itself.</summary>
    public static MeasuringTexts Choose(MergeOptions options, ModelSession session)
    {
        if (options.Data is { } path)
        {
            var task = TaskRegistry.Get(options.Task ?? throw new ConfigException("--data needs --task, which says how it is read."));
            return From(task.Read(path, TaskSplit.Test), path, session);
        }

        return OfRun(options.Adapter, session) ?? Written(session);
    }

    /// <summary>An adapter in a run's best or last folder has the run's settings beside it.</summary>
    private static MeasuringTexts? OfRun(string adapter, ModelSession session)
    {
        if (RunFolder.Around(adapter) is not { } folder)
        {
            return null;
        }

        try
        {
            var data = GenerationRunData.Read(RunConfig.Read(folder.ConfigFile), session.Tokenizer, session.Model);
            return data.Validation.Count == 0 ? null : From(data.Validation, $"validation data of the run in {folder.Path}", session);
        }
        catch (ResLoraException)
        {
            // The run's data may be gone; there are other texts to measure on.
            return null;
        }
    }

    private static MeasuringTexts From(IReadOnlyList<Sample> samples, string source, ModelSession session)
    {
        var encoding = SampleEncoding.For(session.Tokenizer, session.ModelFolder, Math.Min(MostTokens, session.Model.MaxPositions));
        var tokens = encoding.TokenizeAll(samples.Take(MostTexts)).Samples;
        return new MeasuringTexts($"{tokens.Count} samples of {source}", [.. tokens.Select(sample => sample.Ids)]);
    }

    private static MeasuringTexts Written(ModelSession session)
    {
        const int texts = 16;
        const int length = 64;
        var generator = new TextGenerator(session.Causal, session.Tokenizer);
        // A tokenizer without a begin token needs something to begin with.
        var prompt = session.Tokenizer.BeginId is null ? "The" : "";
        var sequences = Enumerable.Range(0, texts)
            .Select(seed => string.Concat(generator.Stream(prompt, new GenerationConfig { Temperature = 1, Seed = seed, MaxNewTokens = length })))
            .Select(text => session.Tokenizer.Encode(prompt + text))
            .Where(ids => ids.Count > 1)
            .ToArray();
        return new MeasuringTexts($"{sequences.Length} texts of at most {length} tokens that the unmerged model wrote", sequences);
    }
}
