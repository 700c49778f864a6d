using static TorchSharp.torch;

namespace ResLora.Training;

/// <summary>Examples of one forward pass, as an objective puts them together. Owns its tensors.</summary>
public abstract record Batch : IDisposable
{
    /// <summary>What is to be predicted, one number or one row for each prediction.</summary>
    public abstract Tensor Targets { get; init; }

    /// <summary>How many predictions are trained: what the sum of the loss is divided by.</summary>
    public virtual long TargetCount => Targets.shape[0];

    /// <inheritdoc />
    public abstract void Dispose();
}
