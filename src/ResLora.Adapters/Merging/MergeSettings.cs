namespace ResLora.Adapters.Merging;

/// <summary>How shortcuts are merged away, with what the calibrated methods need.</summary>
/// <param name="Method">The method.</param>
public sealed record MergeSettings(MergeMethod Method)
{
    /// <summary>The usual <see cref="Ridge"/>.</summary>
    public const double DefaultRidge = 1e-4;

    /// <summary>The usual <see cref="CalibrationMemory"/>, 2 GiB.</summary>
    public const long DefaultCalibrationMemory = 2L << 30;

    /// <summary>
    /// least-squares only: whether layer after layer is calibrated on the activations of the layers merged before it, so that errors make
    /// up for each other in place of piling up. Default false.
    /// </summary>
    public bool Sequential { get; init; }

    /// <summary>least-squares only: λ as a share of the mean eigenvalue of the inputs' second moment, above 0. Default 0.0001.</summary>
    public double Ridge { get; init; } = DefaultRidge;

    /// <summary>The most memory for second moments, in bytes; what does not fit is gathered in several passes. Default 2 GiB.</summary>
    public long CalibrationMemory { get; init; } = DefaultCalibrationMemory;

    /// <summary>The method's name, with <c>sequential</c> behind it where that is so.</summary>
    public string Name => MergeMethods.Name(Method) + (Sequential ? " sequential" : "");

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (Sequential && Method != MergeMethod.LeastSquares)
        {
            yield return $"sequential goes with least-squares only, not with {MergeMethods.Name(Method)}";
        }

        if (!(Ridge > 0 && double.IsFinite(Ridge)))
        {
            yield return $"ridge is {Ridge}; it must be above 0";
        }

        if (CalibrationMemory < 1)
        {
            yield return $"the calibration memory is {CalibrationMemory} bytes; it must be 1 or more";
        }
    }
}
