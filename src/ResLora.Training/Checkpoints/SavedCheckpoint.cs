namespace ResLora.Training.Checkpoints;

/// <summary>A complete checkpoint on the disk.</summary>
/// <param name="Path">Its folder.</param>
/// <param name="State">Where the run stood.</param>
public sealed record SavedCheckpoint(string Path, TrainerState State)
{
    /// <summary>The file with the tensors.</summary>
    public string TensorsPath => System.IO.Path.Combine(Path, CheckpointStore.TensorsName);
}
