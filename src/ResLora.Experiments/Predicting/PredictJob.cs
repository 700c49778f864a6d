using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Experiments.Sharing;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Training;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;

namespace ResLora.Experiments.Predicting;

/// <summary>
/// Has a network label or score texts, or label pictures, from base and adapter or from a merged model. Ranks share the batches.
/// </summary>
public static class PredictJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="options">The model and where the texts or pictures are.</param>
    /// <param name="lines">What is given where no file is named: a text or a JSON object a line, or the path of a picture a line; of
    /// several ranks those of number 0 count.</param>
    /// <param name="report">Is given every prediction in the order of the input, in all ranks, as soon as its batch is done.</param>
    /// <param name="stop">Ends the job between two batches.</param>
    /// <returns>How many texts or pictures there were.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used, or the model says nothing of a text or picture as a
    /// whole.</exception>
    /// <exception cref="NotFiniteException">A score is no number.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static int Run(
        PredictOptions options, IEnumerable<string> lines, Action<LabelPrediction> report, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(report);
        ConfigBinder.ThrowIfAny("The settings for predictions", [.. options.Problems()]);
        var columns = new ColumnMap(options.Columns);
        if (options.Task is { } name)
        {
            _ = WorkloadRegistry.Of(name);   // a slip of the keyboard is told before anything is loaded
        }

        var task = options.Submission is null ? null : LabelledTaskRegistry.Get(options.Task!, columns);
        if (options.Submission is not null && task!.SubmissionFile is null)
        {
            throw new ConfigException($"Task '{task.Name}' is not one of GLUE's, so there is no submission for it; leave it out.");
        }

        if (options.Submission is { } submission)
        {
            OutputGuard.RequireFile(Path.Combine(submission, task!.SubmissionFile!), options.Data, options.Model, options.Adapter);
        }

        options = options with { DataType = ComputeType.Resolve(options.DataType, options.Model) };
        using var threads = SharedJob.Begin(options.Ranks, options.Terms(), options.Files());
        using var session = ModelSession.Load(options.Model, options.Adapter, ComputeType.Of(options.DataType), ComputeDevice.Current);
        var workload = WorkloadRegistry.Of(session.Model, options.Model);
        var source = new PredictionSource(
            options.Task, options.Data, columns)
        { MaxLength = options.MaxLength, Truncation = options.Truncation };
        var inputs = workload.Inputs(source, session, options.Ranks.ReadByFirst(lines));
        var count = 0;
        // Only a submission needs all of them at once; the examples may be a stream without an end.
        var submitted = new List<LabelPrediction>();
        var batches = options.Ranks.MapEach(
            inputs.Examples.Chunk(options.BatchSize), batch => Predict(session, inputs, batch, stop));
        foreach (var prediction in batches.SelectMany(batch => batch))
        {
            report(prediction);
            count++;
            if (options.Submission is not null)
            {
                submitted.Add(prediction);
            }
        }

        if (options.Submission is { } folder && options.Ranks.Rank == 0)
        {
            Submit(folder, task!, submitted);
        }

        return count;
    }

    private static LabelPrediction[] Predict(ModelSession session, PredictionInputs inputs, PredictionInput[] batch, CancellationToken stop)
    {
        var rows = inputs.Objective.Predict([.. batch.Select(one => one.Example)], batch.Length, stop);
        NotFiniteException.ThrowIfAny(session.Model, rows.SelectMany(row => row).Select(score => (double)score));
        return
        [
            .. batch.Zip(rows, (one, scores) => LabelPrediction.Of(one.Index, scores, inputs.Labels) with { File = one.File }),
        ];
    }

    private static void Submit(string folder, LabelledTask task, List<LabelPrediction> submitted)
    {
        long[] indices = [.. submitted.Select(one => one.Index)];
        if (task.IsRegression)
        {
            GlueSubmission.Write(folder, task, indices, [.. submitted.Select(one => one.Score!.Value)]);
        }
        else
        {
            GlueSubmission.Write(folder, task, indices, [.. submitted.Select(one => one.Label!)]);
        }
    }
}
