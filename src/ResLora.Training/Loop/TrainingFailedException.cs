using System.Globalization;

namespace ResLora.Training.Loop;

/// <summary>A run cannot go on because its numbers went bad. The input was well-formed: this is a failed run, not bad usage.</summary>
public sealed class TrainingFailedException : Exception
{
    /// <summary>A tensor has a value that is not finite.</summary>
    /// <param name="step">The step in which it was seen, or after which, from 1.</param>
    /// <param name="tensorName">The first such tensor.</param>
    public TrainingFailedException(int step, string tensorName)
        : this(
            step,
            tensorName,
            $"{tensorName} has a value that is not finite (NaN or infinite). "
            + "A lower learning rate, a longer warm-up or clipping usually helps.")
    {
    }

    private TrainingFailedException(int step, string tensorName, string sentences)
        : base(
            $"Training stopped in step {step}: {sentences} Nothing of it was saved: checkpoints and best/, where there are any, are from before.")
    {
        Step = step;
        TensorName = tensorName;
    }

    /// <summary>The step in which it was seen, or after which, from 1.</summary>
    public int Step { get; }

    /// <summary>
    /// The first tensor with a bad value: a parameter, a moment of the optimizer, a gradient, a layer's output, or a loss.
    /// </summary>
    public string TensorName { get; }

    /// <summary>
    /// There is a loss, but its gradient is exactly 0: weights have grown until a normalisation gives 0, or nothing that is trained has a
    /// part in the loss. Every further step would change nothing.
    /// </summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="loss">The step's loss.</param>
    public static TrainingFailedException NoGradient(int step, double loss) => new(
        step,
        "the gradient",
        $"the loss is {loss.ToString("0.####", CultureInfo.InvariantCulture)}, but its gradient is exactly 0, so that nothing more would be "
        + "learnt. A lower learning rate usually helps.");
}
