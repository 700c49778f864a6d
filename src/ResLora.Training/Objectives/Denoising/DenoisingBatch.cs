using static TorchSharp.torch;

namespace ResLora.Training.Objectives.Denoising;

/// <summary>Noisy latents with what is to be said of them. Owns its tensors.</summary>
/// <param name="Noisy">[B, C, Y, X] float32.</param>
/// <param name="Timesteps">[B] int64.</param>
/// <param name="Condition">[B, T, D] what the text encoder has made of captions, or [B, T] int64 tokens where it is trained.</param>
/// <param name="Targets">[B, C, Y, X] float32: the noise, or the velocity.</param>
/// <param name="Weights">[B] float32, how much each sample's loss counts.</param>
public sealed record DenoisingBatch(Tensor Noisy, Tensor Timesteps, Tensor Condition, Tensor Targets, Tensor Weights) : Batch
{
    /// <summary>Every number of every latent is predicted.</summary>
    public override long TargetCount => Targets.numel();

    private Tensor[] Parts => [Noisy, Timesteps, Condition, Targets, Weights];

    /// <inheritdoc />
    public override void Dispose() => Array.ForEach(Parts, part => part.Dispose());

    /// <summary>Takes its tensors out of the scope in hand.</summary>
    internal DenoisingBatch MoveToOuterDisposeScope()
    {
        Array.ForEach(Parts, part => part.MoveToOuterDisposeScope());
        return this;
    }
}
