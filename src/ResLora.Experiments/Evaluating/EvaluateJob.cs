using System.Text.Encodings.Web;
using System.Text.Json;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Text.Data;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Evaluating;

/// <summary>Measures how well a model, with or without an adapter, does a task: loss, labels, and exact match of generated answers.</summary>
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

        var workload = WorkloadRegistry.Of(options.Task);
        using var session = ModelSession.Load(options.Model, options.Adapter, TrainJob.DataType(options.DataType), rank: options.Rank);
        workload.Require(options.Task, session.Model, options.Model);
        var given = new GivenData(options.Task, options.Data, options.Split)
        {
            Columns = new ColumnMap(options.Columns),
            Limit = options.Limit,
            ModelName = options.Adapter ?? options.Model,
        };
        return Measure(session, workload.Read(given, session), options, progress, stop);
    }

    /// <summary>Measures what a session's model does now, on data that is read already.</summary>
    internal static EvaluationReport Measure(
        ModelSession session, TaskData data, EvaluateOptions options, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        var terms = new MeasuringTerms(options.BatchSize, options.MaxLength)
        {
            MaxNewTokens = options.MaxNewTokens,
            Answered = progress is null ? null : (done, total) => progress.Report(new SamplesDone(done, total)),
        };
        var found = data.Measure(session, terms, stop);
        if (options.PredictionsFile is { } file && found.Answers is { } answers)
        {
            AtomicFile.WriteText(file, string.Concat(answers.Predictions.Select(prediction => JsonSerializer.Serialize(prediction, _json) + "\n")));
        }

        return new EvaluationReport(data.Task, found.Samples, found.Loss, found.TooLong, found.Answers is { } match ? new Score(match.Correct, match.Total) : null)
        {
            Labels = found.Labels,
            Unanswered = found.Answers?.LeftOut ?? 0,
            Truncated = found.Truncated,
            CutIntoWindows = found.CutIntoWindows,
            GuessedColumns = data.GuessedColumns,
        };
    }
}
