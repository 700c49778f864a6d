using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Training;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Merging;

/// <summary>The texts that the merge of an encoder's adapter is calibrated on, or that its loss is measured on.</summary>
internal static class LabelledMergeTexts
{
    private const int MostTokens = 512;

    /// <summary>Takes data that the user names, else the run's validation data, else rows of random tokens.</summary>
    public static MergeTexts ToMeasure(MergeTextSource source, ModelSession session)
    {
        if (source.Data is { } path)
        {
            return Given(source, path, TaskSplit.Test, source.Samples, session);
        }

        return OfRun(source.Adapter, session, out var fault) is ({ Validation.Count: > 0 } texts, var folder)
            ? From(texts.Task, texts.Train.Labels, texts.Validation, source.Samples, $"the validation data of the run in {folder}", session)
            : Random(session, seed: 0, fault);
    }

    /// <summary>
    /// Takes data that the user names, else the run's training data, else rows of random tokens (other ones than those measured on).
    /// </summary>
    public static MergeTexts ToCalibrate(MergeTextSource source, ModelSession session)
    {
        if (source.Calibration is { } path)
        {
            return Given(source, path, TaskSplit.Train, source.CalibrationSamples, session);
        }

        return OfRun(source.Adapter, session, out var fault) is ({ } texts, var folder)
            ? From(texts.Task, texts.Train.Labels, texts.Train.Texts, source.CalibrationSamples, $"the training data of the run in {folder}", session)
            : Random(session, seed: 1, fault);
    }

    private static MergeTexts Given(MergeTextSource source, string path, TaskSplit split, int count, ModelSession session)
    {
        var task = LabelledTaskRegistry.Get(source.Task ?? throw new ConfigException(
            $"The task of '{path}' is missing, which says how it is read (--task)."));
        var labels = HeadLabels.Of(task, session.Encoder.Head, session.ModelFolder);
        return From(task, labels, task.Read(path, split, labels, count).Texts, count, path, session);
    }

    private static (LabelledTexts? Texts, string Folder) OfRun(string? adapter, ModelSession session, out string? fault)
    {
        fault = null;
        var folder = adapter is null ? null : RunFolder.Around(adapter);
        try
        {
            return (folder is null ? null : LabelledTexts.Of(RunConfig.Read(folder.ConfigFile), session.Model), folder?.Path ?? "");
        }
        catch (ResLoraException error)
        {
            // The run's data may be gone; there are other texts, and the report says why they were taken.
            fault = error.Message;
            return (null, "");
        }
    }

    private static MergeTexts From(LabelledTask task, LabelSet? labels, IReadOnlyList<LabelledText> texts, int count, string source, ModelSession session)
    {
        var objective = new LabelObjective(session.Encoder, task, labels);
        LabelledText[] taken = [.. texts.Take(count)];
        var samples = new LabelledEncoding(session.Tokenizer, session.Encoder, MostTokens).TokenizeAll(taken).Samples;
        var measured = samples[0].Target is null
            ? Unlabelled($"{samples.Count} samples of {source}", objective, samples)
            : new MergeTexts($"{samples.Count} samples of {source}", objective, samples, null, []);
        return measured with { Prompts = [.. taken.SelectMany(text => new[] { text.Text, text.SecondText }).OfType<string>()] };
    }

    /// <summary>An encoder writes no texts; tokens in any order move all of its layers as well.</summary>
    private static MergeTexts Random(ModelSession session, int seed, string? fault)
    {
        const int rows = 32;
        const int length = 32;
        var (random, width) = (new Random(seed), Math.Min(length, session.Model.MaxPositions));
        var vocabulary = Enumerable.Range(0, (int)Math.Min(session.Tokenizer.VocabularySize, session.Model.VocabularySize)).Where(id => !session.Tokenizer.IsSpecial(id)).ToArray();
        var samples = Enumerable.Range(0, rows)
            .Select(_ => new TokenizedSample([.. Enumerable.Range(0, width).Select(_ => vocabulary[random.Next(vocabulary.Length)])], []))
            .ToArray();
        string[] prompts = [.. samples.Select(sample => session.Tokenizer.Decode(sample.Ids))];
        var head = session.Encoder.Head;
        if (head.Kind == ModelHeadKind.MaskedTokens)
        {
            var filling = new MaskedTokenObjective(session.Encoder, session.Tokenizer.MaskId
                ?? throw new ConfigException($"{session.ModelFolder}: the tokenizer names no mask, which a model for masked tokens needs; add mask_token to tokenizer_config.json."));
            return new MergeTexts($"{rows} rows of {width} random tokens", filling, [.. samples.Select(sample => sample with { Labels = sample.Ids })], null, []) { Prompts = prompts };
        }

        var task = LabelledTaskRegistry.Get(head.Kind == ModelHeadKind.Score ? "regression" : "classification");
        var objective = new LabelObjective(session.Encoder, task, head.Kind == ModelHeadKind.Score ? null : new LabelSet(head.Labels));
        var reason = fault is null ? "" : $", because the run's own data cannot be read ({fault})";
        return Unlabelled($"{rows} rows of {width} random tokens{reason}", objective, samples) with { Prompts = prompts };
    }

    /// <summary>Where nothing says what is right, what the unmerged model says is.</summary>
    private static MergeTexts Unlabelled(string source, LabelObjective objective, IReadOnlyList<TokenizedSample> samples)
    {
        const int batchSize = 16;
        var said = objective.Predict(samples, batchSize);
        var labelled = samples.Zip(said, (sample, scores) => sample with { Target = objective.PredictsValues ? scores[0] : LabelObjective.Highest(scores) });
        return new MergeTexts($"{source}, labelled by the unmerged model", objective, [.. labelled], null, []);
    }
}
