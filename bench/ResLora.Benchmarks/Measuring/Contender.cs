namespace ResLora.Benchmarks.Measuring;

/// <summary>One case of a measurement.</summary>
/// <param name="Name">Its name, unlike any other's of the run.</param>
/// <param name="Run">What is timed.</param>
internal sealed record Contender(string Name, Action Run)
{
    /// <summary>How often it runs in one timing, for what is too short for a clock; the time of one is reported. Default 1.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>Done before each timing and not timed.</summary>
    public Action? Prepare { get; init; }

    /// <summary>Done after each timing and not timed.</summary>
    public Action? Finish { get; init; }
}
