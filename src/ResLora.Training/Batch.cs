namespace ResLora.Training;

/// <summary>Examples of one forward pass, as an objective puts them together. Owns its tensors.</summary>
public abstract record Batch : IDisposable
{
    /// <summary>How many predictions are trained: what the sum of the loss is divided by.</summary>
    public abstract long TargetCount { get; }

    /// <inheritdoc />
    public abstract void Dispose();
}
