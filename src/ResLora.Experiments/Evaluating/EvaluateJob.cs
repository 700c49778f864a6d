using System.Text.Encodings.Web;
using System.Text.Json;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Text.Data.Tasks;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Generation;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Evaluating;

/// <summary>Measures how well a model, with or without an adapter, does a task: loss, and exact match of generated answers.</summary>
public static class EvaluateJob
{
    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Runs the job.</summary>
    /// <param name="options">What is evaluated on what.</param>
    /// <param name="progress">Is told how many samples are answered; null for nobody.</param>
    /// <param name="stop">Ends the job.</param>
    /// <returns>The measurements.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="NotFiniteException">The loss is no number.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static EvaluationReport Run(EvaluateOptions options, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ConfigBinder.ThrowIfAny("The evaluation's settings", [.. options.Problems()]);
        if (options.PredictionsFile is { } file)
        {
            OutputGuard.RequireFile(file, options.Data, options.Model, options.Adapter);
        }

        if (LabelledTaskRegistry.Has(options.Task))
        {
            return MeasureLabels(options, stop);
        }

        var task = TaskRegistry.Get(options.Task, new ColumnMap(options.Columns));
        var samples = task.Read(options.Data, options.Split, options.Limit);
        using var session = ModelSession.Load(options.Model, options.Adapter, TrainJob.DataType(options.DataType), rank: options.Rank);
        return Measure(session, task, samples, options, progress, stop);
    }

    /// <summary>Measures what a session's model does now, on samples that are read already.</summary>
    internal static EvaluationReport Measure(
        ModelSession session, ITask task, IReadOnlyList<Sample> samples, EvaluateOptions options, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        var tokens = SampleEncoding.For(session.Tokenizer, session.ModelFolder, Math.Min(options.MaxLength, session.Causal.MaxPositions)).TokenizeAll(samples);
        var loss = Perplexity.Measure(session.Causal, tokens.Samples, SampleEncoding.PadId(session.Tokenizer), options.BatchSize, stop);
        NotFiniteException.ThrowIfAny(session.Model, loss.Loss);
        var answered = samples.Where(sample => sample.Answer is not null).ToArray();
        var match = answered.Length == 0 ? null : Match(session, task, answered, options, progress, stop);
        return new EvaluationReport(task.Name, samples.Count, loss, tokens.TooLong, match is null ? null : new Score(match.Correct, match.Total))
        {
            Unanswered = match?.LeftOut ?? 0,
            CutIntoWindows = tokens.CutIntoWindows,
            GuessedColumns = task.GuessedColumns,
        };
    }

    private static EvaluationReport MeasureLabels(EvaluateOptions options, CancellationToken stop)
    {
        var task = LabelledTaskRegistry.Get(options.Task, new ColumnMap(options.Columns));
        using var session = ModelSession.Load(options.Model, options.Adapter, TrainJob.DataType(options.DataType), rank: options.Rank);
        var labels = HeadLabels.Of(task, session.Encoder.Head, options.Adapter ?? options.Model);
        var data = task.Read(options.Data, options.Split, labels, options.Limit);
        if (!data.IsLabelled)
        {
            throw new ConfigException($"{options.Data} has no labels to compare with; 'reslora predict' says what the model makes of it.");
        }

        var encoding = new LabelledEncoding(session.Tokenizer, session.Encoder, options.MaxLength);
        var tokens = encoding.TokenizeAll(data.Texts);
        var (loss, scores) = new LabelObjective(session.Encoder, task, labels).Score(tokens.Samples, options.BatchSize, stop);
        NotFiniteException.ThrowIfAny(session.Model, loss);
        return new EvaluationReport(task.Name, tokens.Samples.Count, new EvaluationLoss(loss, tokens.Samples.Count), 0, null)
        {
            Labels = scores,
            Truncated = tokens.Truncated,
        };
    }

    private static ExactMatchResult Match(
        ModelSession session, ITask task, Sample[] samples, EvaluateOptions options, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        var generation = new GenerationConfig { MaxNewTokens = options.MaxNewTokens };
        var done = progress is null ? null : new SampleProgress(progress, samples.Length);
        var result = ExactMatch.Measure(session.Causal, session.Tokenizer, task, samples, options.BatchSize, generation, done, stop);
        if (options.PredictionsFile is { } file)
        {
            AtomicFile.WriteText(file, string.Concat(result.Predictions.Select(prediction => JsonSerializer.Serialize(prediction, _json) + "\n")));
        }

        return result;
    }

    private sealed class SampleProgress(IProgress<RunEvent> progress, int total) : IProgress<int>
    {
        public void Report(int value) => progress.Report(new SamplesDone(value, total));
    }
}
