using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>
/// Say a text's label (cross entropy over the labels) or its score (squared error). A sample counts once, however long it is.
/// </summary>
/// <param name="model">The model, borrowed; its head says which of the two it is.</param>
/// <param name="task">The task, which says what is measured.</param>
/// <param name="labels">The labels in the order of the head's outputs; null for scores.</param>
public sealed class LabelObjective(EncoderModel model, LabelledTask task, LabelSet? labels) : TextObjective(model, model.PadId)
{
    private readonly EncoderModel _model = model;

    /// <inheritdoc />
    public override IReadOnlyList<string> Metrics =>
        [LossMetric, ScoreMetric, .. task.Metrics.Select(metric => $"eval_{LabelScores.NameOf(metric)}")];

    /// <summary>The name of the task's score on held-out data.</summary>
    public static string ScoreMetric => "eval_score";

    /// <inheritdoc />
    public override bool PredictsValues => _model.Head.Kind == ModelHeadKind.Score;

    /// <inheritdoc />
    public override string NothingToLearn => "no label";

    /// <inheritdoc />
    public override int TargetsOf(TokenizedSample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        return sample.Target is null ? 0 : 1;
    }

    /// <inheritdoc />
    public override TokenBatch Collate(IReadOnlyList<TokenizedSample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var targets = samples.Select(sample => sample.Target ?? 0).ToArray();
        var plain = TokenBatch.Collate([.. samples.Select(sample => sample with { Labels = [] })], PadId, Model.Device);
        var width = plain.Ids.shape[1];
        return plain.Predicting(
            arange(0, samples.Count * width, width, device: Model.Device),   // [B], the first token of each row
            PredictsValues ? tensor(targets, dtype: float32, device: Model.Device) : tensor(targets, dtype: int64, device: Model.Device));
    }

    /// <inheritdoc />
    public override Tensor Hidden(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return _model.Hidden(batch.Input);   // [B, T] -> [B, T, D]
    }

    /// <inheritdoc />
    public override Tensor Predictions(TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        return _model.TextLogits(Hidden(batch)).MoveToOuterDisposeScope();   // [B, T, D] -> [B, N]
    }

    /// <inheritdoc />
    public override void Forward(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _model.Hidden(batch.Input).Dispose();
    }

    /// <inheritdoc />
    public override IReadOnlyDictionary<string, double> Measure(IReadOnlyList<TokenizedSample> samples, int batchSize, CancellationToken stop)
    {
        var (loss, scores) = Score(samples, batchSize, stop);
        return scores.Metrics
            .Select(metric => KeyValuePair.Create($"eval_{metric.Key}", metric.Value))
            .Prepend(KeyValuePair.Create(ScoreMetric, scores.Score))
            .Prepend(KeyValuePair.Create(LossMetric, loss))
            .ToDictionary();
    }

    /// <summary>Measures the loss and everything that the task reports.</summary>
    /// <param name="samples">Samples with labels or scores, at least one.</param>
    /// <param name="batchSize">Samples in one forward pass.</param>
    /// <param name="stop">Ends the measurement between two batches.</param>
    /// <returns>The mean loss of a sample, and the scores.</returns>
    /// <exception cref="ConfigException">No sample has a label.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public (double Loss, LabelScores Scores) Score(IReadOnlyList<TokenizedSample> samples, int batchSize, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var labelled = samples.Where(sample => sample.Target is not null).ToArray();
        if (labelled.Length == 0)
        {
            throw new ConfigException($"None of {samples.Count} samples has a label to compare with.");
        }

        var sum = 0.0;
        var predicted = Run(labelled, batchSize, (logits, batch) => sum += LossSum(logits, batch.Targets).item<float>(), stop);
        var scores = PredictsValues
            ? LabelScores.OfScores(task, [.. labelled.Select(sample => sample.Target!.Value)], [.. predicted.Select(row => (double)row[0])])
            : LabelScores.OfLabels(task, labels!, [.. labelled.Select(sample => (int)sample.Target!.Value)], [.. predicted.Select(Highest)]);
        return (sum / labelled.Length, scores);
    }

    /// <summary>The model's scores for samples, whether they have labels or not.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="batchSize">Samples in one forward pass; samples alike in length go together.</param>
    /// <param name="stop">Ends it between two batches.</param>
    /// <returns>For each sample in order the N scores of the labels, or the value.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IReadOnlyList<float[]> Predict(IReadOnlyList<TokenizedSample> samples, int batchSize, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return Run(samples, batchSize, (_, _) => { }, stop);
    }

    /// <summary>The place of the highest score, the first of equal ones.</summary>
    /// <param name="scores">The scores of the labels.</param>
    /// <returns>The label's number.</returns>
    public static int Highest(float[] scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        return Array.IndexOf(scores, scores.Max());
    }

    private float[][] Run(IReadOnlyList<TokenizedSample> samples, int batchSize, Action<Tensor, TokenBatch> also, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        using var mode = new EvaluationMode(_model);
        var rows = new float[samples.Count][];
        foreach (var group in Enumerable.Range(0, samples.Count).OrderBy(index => samples[index].Ids.Length).Chunk(batchSize))
        {
            stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = Collate([.. group.Select(index => samples[index])]);
            var logits = Predictions(batch);   // [B, N]
            also(logits, batch);
            var values = logits.cpu().data<float>().ToArray();
            var width = values.Length / group.Length;
            for (var row = 0; row < group.Length; row++)
            {
                rows[group[row]] = values[(row * width)..((row + 1) * width)];
            }
        }

        return rows;
    }
}
