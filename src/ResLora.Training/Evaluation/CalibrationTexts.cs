using ResLora.Adapters.Merging;
using ResLora.Training.Data;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>Texts that a model is run on so that a merge can see its activations.</summary>
public static class CalibrationTexts
{
    private const int BatchSize = 8;

    /// <summary>Texts as batches: texts alike in length go together, padding is masked.</summary>
    /// <param name="session">The session with the unmerged adapter; borrowed for as long as the batches are used.</param>
    /// <param name="samples">The texts.</param>
    /// <param name="padId">The token that fills up short rows.</param>
    /// <param name="stop">Ends the calibration between two batches.</param>
    /// <returns>A batch each.</returns>
    public static IReadOnlyList<CalibrationBatch> Batches(
        ModelSession session, IReadOnlyList<TokenizedSample> samples, int padId, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(samples);
        return [.. samples.OrderBy(s => s.Ids.Length).Chunk(BatchSize).Select(group => Batch(session, group, padId, stop))];
    }

    private static CalibrationBatch Batch(ModelSession session, TokenizedSample[] group, int padId, CancellationToken stop) => isDone =>
    {
        stop.ThrowIfCancellationRequested();
        using var mode = new EvaluationMode(session.Model);
        using var scope = NewDisposeScope();
        using var batch = TokenBatch.Collate(group, padId, session.Model.Device);
        session.Model.RunLayer = (layer, inputs) => isDone() ? inputs[0].alias() : layer(inputs);
        session.Model.Hidden(batch.Ids, batch.TokenMask, rightPadded: true);
    };
}
