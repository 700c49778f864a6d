namespace ResLora.Adapters.Merging;

/// <summary>Computes the adapted model on one batch of calibration texts, in evaluation mode and without gradients.</summary>
/// <param name="isDone">Says whether everything that was wanted of this batch has been seen; layers that come later may be left
/// out.</param>
public delegate void CalibrationBatch(Func<bool> isDone);

/// <summary>How far a calibration is.</summary>
/// <param name="Pass">The pass over the texts, from 1.</param>
/// <param name="Passes">All passes.</param>
/// <param name="Batch">Batches done in this pass.</param>
/// <param name="Batches">All batches of a pass.</param>
/// <param name="Bytes">The memory that this pass's moments take.</param>
public sealed record CalibrationProgress(int Pass, int Passes, int Batch, int Batches, long Bytes);
