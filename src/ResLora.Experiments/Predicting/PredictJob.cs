using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Predicting;

/// <summary>Has an encoder label or score texts, from base and adapter or from a merged model.</summary>
public static class PredictJob
{
    /// <summary>What the lines that are given in place of a file are called in errors.</summary>
    public const string InputName = "standard input";

    /// <summary>Runs the job.</summary>
    /// <param name="options">The model and where the texts are.</param>
    /// <param name="lines">The texts where no file is named: a text or a JSON object a line.</param>
    /// <param name="report">Is given every prediction in the order of the texts, as soon as its batch is done.</param>
    /// <param name="stop">Ends the job between two batches.</param>
    /// <returns>How many texts there were.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used, or the model is no encoder for texts.</exception>
    /// <exception cref="NotFiniteException">A score is no number.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static int Run(PredictOptions options, IEnumerable<string> lines, Action<TextPrediction> report, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(report);
        ConfigBinder.ThrowIfAny("The settings for predictions", [.. options.Problems()]);
        var columns = new ColumnMap(options.Columns);
        var task = options.Task is { } name ? LabelledTaskRegistry.Get(name, columns) : null;
        if (options.Submission is not null && task!.SubmissionFile is null)
        {
            throw new ConfigException($"Task '{task.Name}' is not one of GLUE's, so there is no submission for it; leave it out.");
        }

        if (options.Submission is { } submission)
        {
            OutputGuard.RequireFile(Path.Combine(submission, task!.SubmissionFile!), options.Data, options.Model, options.Adapter);
        }

        using var session = ModelSession.Load(options.Model, options.Adapter, TrainJob.DataType(options.DataType));
        var head = session.Encoder.Head;
        if (head.Kind == ModelHeadKind.MaskedTokens)
        {
            throw new ConfigException($"{options.Model}: this model fills in masked tokens and says nothing about a text; give the adapter that was trained on it (--adapter), or a merged model.");
        }

        var labels = task is null ? null : HeadLabels.Of(task, head, options.Model);
        var texts = Texts(options, task, labels, columns, lines);
        var count = 0;
        // Only a submission needs all of them at once; the texts may be a stream without an end.
        var submitted = new List<(LabelledText Text, TextPrediction Prediction)>();
        var encoding = new LabelledEncoding(session.Tokenizer, session.Encoder, options.MaxLength, options.Truncation);
        var objective = new LabelObjective(session.Encoder, task ?? LabelledTaskRegistry.Get(head.Kind == ModelHeadKind.Score ? "regression" : "classification"), labels);
        foreach (var group in texts.Chunk(options.BatchSize))
        {
            var rows = objective.Predict([.. group.Select(text => encoding.Tokenize(text).Sample)], options.BatchSize, stop);
            NotFiniteException.ThrowIfAny(session.Model, rows.SelectMany(row => row).Select(score => (double)score));
            foreach (var (text, scores) in group.Zip(rows))
            {
                var prediction = Of(text, scores, head.Kind == ModelHeadKind.Score ? null : labels?.Names ?? head.Labels);
                report(prediction);
                count++;
                if (options.Submission is not null)
                {
                    submitted.Add((text, prediction));
                }
            }
        }

        if (options.Submission is { } folder)
        {
            Submit(folder, task!, submitted);
        }

        return count;
    }

    private static IEnumerable<LabelledText> Texts(PredictOptions options, LabelledTask? task, LabelSet? labels, ColumnMap columns, IEnumerable<string> lines)
    {
        if (task is not null && options.Data is { } data)
        {
            return task.Read(data, TaskSplit.Test, labels).Texts;
        }

        TextRows.Check(columns);
        var rows = new TextRows(columns);
        return options.Data is { } path ? rows.Read(path) : rows.Parse(lines);
    }

    private static TextPrediction Of(LabelledText text, float[] scores, IReadOnlyList<string>? labels)
    {
        if (labels is null)
        {
            return new TextPrediction(text.Index, null, scores[0], null);
        }

        var shares = Softmax(scores);
        return new TextPrediction(text.Index, labels[LabelObjective.Highest(scores)], null, labels.Zip(shares).ToDictionary(pair => pair.First, pair => pair.Second));
    }

    private static double[] Softmax(float[] scores)
    {
        var highest = scores.Max();
        var powers = scores.Select(score => Math.Exp((double)score - highest)).ToArray();
        var sum = powers.Sum();
        return [.. powers.Select(power => power / sum)];
    }

    private static void Submit(string folder, LabelledTask task, List<(LabelledText Text, TextPrediction Prediction)> submitted)
    {
        LabelledText[] texts = [.. submitted.Select(one => one.Text)];
        if (task.IsRegression)
        {
            GlueSubmission.Write(folder, task, texts, [.. submitted.Select(one => one.Prediction.Score!.Value)]);
        }
        else
        {
            GlueSubmission.Write(folder, task, texts, [.. submitted.Select(one => one.Prediction.Label!)]);
        }
    }
}
