using ResLora.Adapters.Merging;
using ResLora.Formats;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Training.Merging;

/// <summary>Texts that a model is run on so that a merge can see its activations.</summary>
public static class CalibrationTexts
{
    private const int BatchSize = 8;

    /// <summary>Texts as batches: texts alike in length go together, padding is masked.</summary>
    /// <param name="objective">What the model with the unmerged adapter is for; borrowed for as long as the batches are used.</param>
    /// <param name="samples">The texts.</param>
    /// <param name="stop">Ends the calibration between two batches.</param>
    /// <returns>A batch each.</returns>
    public static IReadOnlyList<CalibrationBatch> Batches(
        Objective objective, IReadOnlyList<IExample> samples, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(samples);
        return [.. samples.OrderBy(sample => sample.Size).Chunk(BatchSize).Select(group => Batch(objective, group, stop))];
    }

    private static CalibrationBatch Batch(Objective objective, IExample[] group, CancellationToken stop) => isDone =>
    {
        stop.ThrowIfCancellationRequested();
        using var mode = new EvaluationMode(objective.Model);
        using var scope = NewDisposeScope();
        using var batch = objective.Collate(group);
        if (objective.Model.LayersKeepShape)
        {
            objective.Model.RunLayer = (layer, inputs) => isDone() ? inputs[0].alias() : layer(inputs);
        }

        objective.Forward(batch);
    };
}
