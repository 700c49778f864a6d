using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>Pictures of one size with what is said of them. Owns its tensors.</summary>
/// <param name="Pixels">[B, C, Y, X] float32, normed as the network wants them.</param>
/// <param name="Targets">[B] int64 labels, or float32 scores.</param>
public sealed record PictureBatch(Tensor Pixels, Tensor Targets) : Batch
{
    /// <inheritdoc />
    public override void Dispose()
    {
        Pixels.Dispose();
        Targets.Dispose();
    }
}
