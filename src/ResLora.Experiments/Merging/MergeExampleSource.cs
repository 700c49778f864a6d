namespace ResLora.Experiments.Merging;

/// <summary>Where the examples of a merge are to be taken from.</summary>
/// <param name="Adapter">The adapter folder, which may have its run beside it; null for none.</param>
/// <param name="Task">The task of the data that the user names; null for none.</param>
/// <param name="Data">A file, or a data set's folder, to measure on; null for none.</param>
internal sealed record MergeExampleSource(string? Adapter, string? Task, string? Data)
{
    /// <summary>A file, or a data set's folder, to calibrate on; null for none.</summary>
    public string? Calibration { get; init; }

    /// <summary>How many texts to measure on at most.</summary>
    public int Samples { get; init; } = 64;

    /// <summary>How many texts to calibrate on at most.</summary>
    public int CalibrationSamples { get; init; } = 256;
}
