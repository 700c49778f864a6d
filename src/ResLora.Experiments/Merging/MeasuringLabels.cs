using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Training;
using ResLora.Training.Data;
using ResLora.Training.Data.Labelling;

namespace ResLora.Experiments.Merging;

/// <summary>The texts that the loss of merging an encoder's adapter is measured on.</summary>
/// <param name="Source">Where they are from, for the report.</param>
/// <param name="Samples">Their tokens, with labels where there are any.</param>
internal sealed record MeasuringLabels(string Source, IReadOnlyList<TokenizedSample> Samples)
{
    private const int MostTexts = 256;
    private const int MostTokens = 512;

    /// <summary>Takes data that the user names, else the run's validation data, else rows of random tokens.</summary>
    public static MeasuringLabels Choose(MergeOptions options, ModelSession session)
    {
        if (options.Data is { } path)
        {
            var task = LabelledTaskRegistry.Get(options.Task ?? throw new ConfigException("--data needs --task, which says how it is read."));
            var labels = HeadLabels.Of(task, session.Encoder.Head, session.ModelFolder);
            return From(task.Read(path, TaskSplit.Test, labels).Texts, path, MostTokens, session);
        }

        return OfRun(options.Adapter, session) ?? Random(session);
    }

    private static MeasuringLabels? OfRun(string adapter, ModelSession session)
    {
        try
        {
            if (RunFolder.Around(adapter) is not { } folder)
            {
                return null;
            }

            var config = RunConfig.Read(folder.ConfigFile);
            if (LabelledTexts.Of(config, session.Model) is not { Validation.Count: > 0 } texts)
            {
                return null;
            }

            return From(texts.Validation, $"validation data of the run in {folder.Path}", config.Training.MaxLength, session);
        }
        catch (ResLoraException)
        {
            // The run's data may be gone; there are other texts to measure on.
            return null;
        }
    }

    private static MeasuringLabels From(IReadOnlyList<LabelledText> texts, string source, int maxLength, ModelSession session)
    {
        var samples = new LabelledEncoding(session.Tokenizer, session.Encoder, maxLength).TokenizeAll(texts.Take(MostTexts)).Samples;
        return new MeasuringLabels($"{samples.Count} samples of {source}", samples);
    }

    /// <summary>An encoder writes no texts; tokens in any order move all of its layers as well.</summary>
    private static MeasuringLabels Random(ModelSession session)
    {
        const int rows = 16;
        const int length = 32;
        var random = new Random(0);
        var width = Math.Min(length, session.Model.MaxPositions);
        var vocabulary = Enumerable.Range(0, session.Tokenizer.VocabularySize).Where(id => !session.Tokenizer.IsSpecial(id)).ToArray();
        var samples = Enumerable.Range(0, rows)
            .Select(_ => new TokenizedSample([.. Enumerable.Range(0, width).Select(_ => vocabulary[random.Next(vocabulary.Length)])], []))
            .ToArray();
        return new MeasuringLabels($"{rows} rows of {width} random tokens", samples);
    }
}
