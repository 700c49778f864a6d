using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.NativeRuntime;

namespace ResLora.Experiments.Comparing;

/// <summary>How many runs are trained at once.</summary>
internal static class JobCount
{
    private const int Most = 64;

    /// <summary>Checks a number of <c>--jobs</c>.</summary>
    /// <param name="jobs">The number.</param>
    /// <exception cref="ConfigException">It is none that can be.</exception>
    public static void Require(int jobs)
    {
        if (jobs is < 1 or > Most)
        {
            throw new ConfigException($"--jobs is {jobs}; it must be from 1 to {Most}.");
        }
    }

    /// <summary>Checks that the largest runs fit into memory side by side, as far as anybody knows.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="jobs">How many are trained at once.</param>
    /// <exception cref="ConfigException">They do not.</exception>
    public static void RequireRoom(IEnumerable<RunSize> runs, int jobs)
    {
        var most = runs.Max(run => run.Memory?.Total ?? 0);
        if (jobs > 1 && SystemMemory.AvailableBytes() is { } free && most * jobs > free)
        {
            throw new ConfigException(
                $"--jobs is {jobs}, and as many runs may take {ByteSize.Format(most * jobs)} together, of which "
                + $"{ByteSize.Format(free)} are free; take {Math.Max(1, free / most)} at most.");
        }
    }
}
