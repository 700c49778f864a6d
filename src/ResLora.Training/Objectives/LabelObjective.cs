using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>
/// Say an example's label (cross entropy over the labels) or its score (squared error). An example counts once, however large it is.
/// </summary>
/// <param name="model">The network, borrowed; its head says which of the two it is.</param>
/// <param name="task">The task, which says what is measured.</param>
/// <param name="labels">The labels in the order of the head's outputs; null for scores.</param>
public abstract class LabelObjective(Network model, LabelMeasures task, LabelSet? labels) : Objective(model)
{
    /// <inheritdoc />
    public override IReadOnlyList<string> Metrics =>
        [LossMetric, ScoreMetric, .. task.Metrics.Select(metric => $"eval_{LabelScores.NameOf(metric)}")];

    /// <summary>The name of the task's score on held-out data.</summary>
    public static string ScoreMetric => "eval_score";

    /// <inheritdoc />
    public override bool PredictsValues => Model.Head?.Kind == ModelHeadKind.Score;

    /// <inheritdoc />
    public override string NothingToLearn => "no label";

    /// <inheritdoc />
    public override int TargetsOf(IExample example) => TargetOf(example) is null ? 0 : 1;

    /// <inheritdoc />
    public override IReadOnlyDictionary<string, double> Measure(IReadOnlyList<IExample> examples, int batchSize, CancellationToken stop)
    {
        var (loss, scores, _) = Score(examples, batchSize, stop);
        return scores.Metrics
            .Select(metric => KeyValuePair.Create($"eval_{metric.Key}", metric.Value))
            .Prepend(KeyValuePair.Create(ScoreMetric, scores.Score))
            .Prepend(KeyValuePair.Create(LossMetric, loss))
            .ToDictionary();
    }

    /// <summary>Measures the loss and everything that the task reports.</summary>
    /// <param name="examples">Examples with labels or scores, at least one.</param>
    /// <param name="batchSize">Examples in one forward pass.</param>
    /// <param name="stop">Ends the measurement between two batches.</param>
    /// <returns>The mean loss of an example, the scores, and what was said of every example that has a label or score.</returns>
    /// <exception cref="ConfigException">No example has a label.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public (double Loss, LabelScores Scores, IReadOnlyList<RatedExample> Rated) Score(
        IReadOnlyList<IExample> examples, int batchSize, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(examples);
        int[] places = [.. Enumerable.Range(0, examples.Count).Where(place => TargetOf(examples[place]) is not null)];
        IExample[] labelled = [.. places.Select(place => examples[place])];
        if (labelled.Length == 0)
        {
            throw new ConfigException($"None of {examples.Count} samples has a label to compare with.");
        }

        var (predicted, sum) = Run(labelled, batchSize, (logits, batch) => LossSum(logits, batch.Targets).item<float>(), stop);
        var scores = PredictsValues
            ? LabelScores.OfScores(
                task, [.. labelled.Select(example => TargetOf(example)!.Value)], [.. predicted.Select(row => (double)row[0])])
            : LabelScores.OfRatings(task, labels!, [.. labelled.Select(example => (int)TargetOf(example)!.Value)], predicted);
        return (
            sum / labelled.Length,
            scores,
            [.. places.Select((place, i) => new RatedExample(place, TargetOf(examples[place])!.Value, predicted[i]))]);
    }

    /// <summary>The network's scores for examples, whether they have labels or not.</summary>
    /// <param name="examples">The examples.</param>
    /// <param name="batchSize">Examples in one forward pass; examples alike in size go together.</param>
    /// <param name="stop">Ends it between two batches.</param>
    /// <returns>For each example in order the N scores of the labels, or the value.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IReadOnlyList<float[]> Predict(IReadOnlyList<IExample> examples, int batchSize, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(examples);
        return Run(examples, batchSize, (_, _) => 0, stop).Rows;
    }

    /// <summary>The labels or scores of examples, as a batch has them; those without count as 0.</summary>
    /// <param name="examples">The examples.</param>
    /// <returns>New tensor [B], int64 or for scores float32, owned by the caller.</returns>
    protected Tensor Targets(IReadOnlyList<IExample> examples)
    {
        ArgumentNullException.ThrowIfNull(examples);
        var targets = examples.Select(example => TargetOf(example) ?? 0).ToArray();
        return tensor(targets, dtype: PredictsValues ? float32 : int64, device: Model.Device);
    }

    private static double? TargetOf(IExample example) => ((ILabelledExample)example).Target;

    private (float[][] Rows, double LossSum) Run(
        IReadOnlyList<IExample> examples, int batchSize, Func<Tensor, Batch, float> loss, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        using var mode = new EvaluationMode(Model, ManagedRoom);
        int[][] groups = [.. Enumerable.Range(0, examples.Count).OrderBy(index => examples[index].Size).Chunk(batchSize)];
        var outputs = Ranks.Map(groups, group =>
        {
            stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = Collate([.. group.Select(index => examples[index])]);
            var logits = Predictions(batch);   // [B, N]
            return (Values: logits.cpu().data<float>().ToArray(), Loss: loss(logits, batch));
        });
        var rows = new float[examples.Count][];
        foreach (var (group, (values, _)) in groups.Zip(outputs))
        {
            foreach (var (index, row) in group.Zip(values.Chunk(values.Length / group.Length)))
            {
                rows[index] = row;
            }
        }

        return (rows, outputs.Sum(output => (double)output.Loss));
    }
}
