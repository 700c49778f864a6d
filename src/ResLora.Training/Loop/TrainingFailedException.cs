namespace ResLora.Training.Loop;

/// <summary>A run cannot go on because its numbers went bad. The input was well-formed: this is a failed run, not bad usage.</summary>
/// <param name="step">The step in which it was seen, or after which, from 1.</param>
/// <param name="tensorName">The first tensor with a value that is not finite.</param>
public sealed class TrainingFailedException(int step, string tensorName) : Exception(
    $"Training stopped in step {step}: {tensorName} has a value that is not finite (NaN or infinite). "
    + "A lower learning rate, a longer warm-up or clipping usually helps. "
    + "Nothing of it was saved: checkpoints and best/, where there are any, are from before.")
{
    /// <summary>The step in which it was seen, or after which, from 1.</summary>
    public int Step { get; } = step;

    /// <summary>
    /// The first tensor with a value that is not finite: a parameter, a moment of the optimizer, a gradient, a layer's output, or a loss.
    /// </summary>
    public string TensorName { get; } = tensorName;
}
