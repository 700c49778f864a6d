using System.Text.Encodings.Web;
using System.Text.Json;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Experiments.Predicting;
using ResLora.Experiments.Running;
using ResLora.Experiments.Sharing;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Evaluating;

/// <summary>Measures how well a model, with or without an adapter, does a task: loss, labels, and exact match of generated
/// answers.</summary>
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
        foreach (var file in new[] { options.PredictionsFile, options.MistakesFile }.OfType<string>())
        {
            OutputGuard.RequireFile(file, options.Data, options.Model, options.Adapter);
        }

        var workload = WorkloadRegistry.Of(options.Task);
        options = options with { DataType = ComputeType.Resolve(options.DataType, options.Model) };
        using var threads = SharedJob.Begin(options.Ranks, options.Terms(), options.Files());
        using var session = ModelSession.Load(
            options.Model, options.Adapter, ComputeType.Of(options.DataType), ComputeDevice.Current, rank: options.Rank);
        workload.Require(options.Task, session.Model, options.Model);
        var given = new GivenData(options.Task, options.Data, options.Split)
        {
            Columns = new ColumnMap(options.Columns),
            Limit = options.Limit,
            ModelName = HubPlaces.Name(options.Adapter ?? options.Model),
            Adapter = options.Adapter,
            ChatTemplate = options.ChatTemplate,
            AnswerPattern = options.AnswerPattern,
        };
        var data = workload.Read(given, session);
        if (options.MistakesFile is not null && data.Head?.Kind != ModelHeadKind.Labels)
        {
            throw new ConfigException($"Task '{options.Task}' has no labels that could be mistaken for one another; leave --mistakes out.");
        }

        return Measure(session, data, options, progress, stop);
    }

    /// <summary>Measures what a session's model does now, on data that is read already.</summary>
    internal static EvaluationReport Measure(
        ModelSession session, TaskData data, EvaluateOptions options, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        var terms = new MeasuringTerms(options.BatchSize, options.MaxLength)
        {
            MaxNewTokens = options.MaxNewTokens,
            Ranks = options.Ranks,
            Answered = progress is null ? null : (done, total) => progress.Report(new SamplesDone(done, total)),
        };
        var found = data.Measure(session, terms, stop);
        // Of several processes one writes.
        var writes = options.Ranks.Rank == 0;
        if (writes && options.PredictionsFile is { } file)
        {
            IEnumerable<object> lines = found.Answers is { } answers ? answers.Predictions : found.Rated.Select(
                sample => Line(sample, found.LabelNames));
            AtomicFile.WriteText(file, string.Concat(lines.Select(line => JsonSerializer.Serialize(line, _json) + "\n")));
        }

        if (writes && options.MistakesFile is { } picture)
        {
            MistakesPicture.Write(picture, data.Task, found.LabelNames!, found.Labels!.Report!.Confusion, found.Rated);
        }

        return new EvaluationReport(
            data.Task, found.Samples, found.Loss, found.TooLong, found.Answers is { } match ? new Score(match.Correct, match.Total) : null)
        {
            Labels = found.Labels,
            Parts = found.Parts,
            Unanswered = found.Answers?.LeftOut ?? 0,
            Truncated = found.Truncated,
            CutIntoWindows = found.CutIntoWindows,
            CutAtTurns = found.CutAtTurns,
            ChatTemplate = found.ChatTemplate,
            GuessedColumns = data.GuessedColumns,
        };
    }

    private static object Line(RatedSample sample, IReadOnlyList<string>? labels)
    {
        var said = LabelPrediction.Of(sample.Index, sample.Outputs, labels);
        if (labels is null)
        {
            return new { sample.Index, Expected = sample.Target, Predicted = said.Score };
        }

        var expected = labels[(int)sample.Target];
        return sample.File is { } name
            ? new { File = name, sample.Index, Expected = expected, Predicted = said.Label, said.Probabilities }
            : new { sample.Index, Expected = expected, Predicted = said.Label, said.Probabilities };
    }
}
