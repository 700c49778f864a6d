using ResLora.Adapters.Merging;

namespace ResLora.Experiments.Merging;

/// <summary>Which adapter is merged, how, and into what.</summary>
public sealed record MergeOptions
{
    /// <summary>The adapter folder.</summary>
    public required string Adapter { get; init; }

    /// <summary>The base model's folder; null takes the one that the adapter names.</summary>
    public string? Model { get; init; }

    /// <summary>The method; null takes the usual one for the adapter, or the best when <see cref="Compare"/> is set.</summary>
    public MergeMethod? Method { get; init; }

    /// <summary>The rank that the adapter is cut to; null for all of it. Only an adapter that was trained for several ranks can be
    /// cut.</summary>
    public int? Rank { get; init; }

    /// <summary>Whether every method that fits is measured. Default false.</summary>
    public bool Compare { get; init; }

    /// <summary>Whether least squares goes layer by layer. Default false.</summary>
    public bool Sequential { get; init; }

    /// <summary>Least squares' λ, as a share of the mean eigenvalue. Default 0.0001.</summary>
    public double Ridge { get; init; } = MergeSettings.DefaultRidge;

    /// <summary>The most memory for second moments, in bytes. Default 2 GiB.</summary>
    public long CalibrationMemory { get; init; } = MergeSettings.DefaultCalibrationMemory;

    /// <summary>
    /// A file, or a data set's folder, of whose training split the calibration texts are; null takes the run's training data, or texts that
    /// the model writes itself.
    /// </summary>
    public string? Calibration { get; init; }

    /// <summary>How many calibration texts are taken, from the start of the data. Default 256.</summary>
    public int CalibrationSamples { get; init; } = 256;

    /// <summary>What is made; null makes nothing, which fits <see cref="Compare"/> only.</summary>
    public MergeTarget? As { get; init; }

    /// <summary>The folder to write; null when nothing is made.</summary>
    public string? Output { get; init; }

    /// <summary>Whether an existing folder may be replaced. Default false.</summary>
    public bool Overwrite { get; init; }

    /// <summary>The task of <see cref="Data"/> and <see cref="Calibration"/>.</summary>
    public string? Task { get; init; }

    /// <summary>
    /// A file, or a data set's folder, whose texts the loss of merging is measured on; null takes the run's validation data, or texts that
    /// the model writes itself.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>How many texts the loss of merging is measured on at most. Default 64.</summary>
    public int Samples { get; init; } = 64;

    /// <summary>Whether answers are generated and compared too, where the texts have answers. Default true.</summary>
    public bool Answers { get; init; } = true;

    /// <summary>Where texts are taken from.</summary>
    internal MergeExampleSource Texts => new(Adapter, Task, Data)
    {
        Calibration = Calibration,
        Samples = Samples,
        CalibrationSamples = CalibrationSamples,
    };

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var (name, value) in new[] { ("samples", Samples), ("calibration-samples", CalibrationSamples) })
        {
            if (value < 1)
            {
                yield return $"{name} is {value}; it must be 1 or more";
            }
        }

        if ((As is null) != (Output is null))
        {
            yield return "as and output go together: what is made, and where";
        }
        else if (As is null && !Compare)
        {
            yield return "there is nothing to do: give --as and --output, or --compare";
        }

        if (Task is null && (Data ?? Calibration) is { } path)
        {
            yield return $"the task of '{path}' is missing, which says how it is read (task)";
        }

        if (Sequential && Method is not (null or MergeMethod.LeastSquares))
        {
            yield return $"sequential goes with least-squares only, not with {MergeMethods.Name(Method.Value)}";
        }
    }
}
