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
        if (TooMuch(MemoryOfLargest(runs), jobs) is var (why, most))
        {
            throw new ConfigException($"--jobs is {jobs}, and {why}; take {most} at most.");
        }
    }

    /// <summary>Checks that the largest runs fit into this host's memory, one in each of its ranks.</summary>
    /// <param name="memory">What the largest run takes, in bytes; 0 where nobody knows.</param>
    /// <param name="ranks">How many ranks this host has.</param>
    /// <exception cref="ConfigException">They do not.</exception>
    public static void RequireRoomOfRanks(long memory, int ranks)
    {
        if (TooMuch(memory, ranks) is var (why, most))
        {
            throw new ConfigException($"its host has {ranks} ranks, and {why}; start {most} there at most");
        }
    }

    /// <summary>What the largest run takes, in bytes; 0 where nobody knows.</summary>
    /// <param name="runs">The runs.</param>
    public static long MemoryOfLargest(IEnumerable<RunSize> runs) => runs.Max(run => run.Memory?.Total ?? 0);

    private static (string Why, long Most)? TooMuch(long memory, int count) =>
        count > 1 && SystemMemory.AvailableBytes() is { } free && memory * count > free
            ? ($"as many runs may take {ByteSize.Format(memory * count)} together, of which {ByteSize.Format(free)} are free",
                Math.Max(1, free / memory))
            : null;
}
