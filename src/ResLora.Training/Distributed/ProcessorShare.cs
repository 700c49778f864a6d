using System.Globalization;
using System.Text.RegularExpressions;

namespace ResLora.Training.Distributed;

/// <summary>The processors that a rank has where others run on its host, too.</summary>
public static partial class ProcessorShare
{
    private const string Online = "/sys/devices/system/cpu/online";
    private const string OpenMpi = "OMPI_COMM_WORLD_LOCAL_SIZE";
    private static readonly string[] _variables = ["OMP_NUM_THREADS", "MKL_NUM_THREADS"];

    /// <summary>Shares a host's processors out among its ranks, where the launcher has not done so by binding each to some.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="usual">The threads that this process would take by itself.</param>
    /// <returns>The threads, at least 1: <paramref name="usual"/> of a process alone, and where OMP_NUM_THREADS or MKL_NUM_THREADS
    /// says it.</returns>
    public static int Of(ICommunicator ranks, int usual)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        var isSaid = _variables.Any(IsSet);
        if (ranks is SingleProcess || isSaid)
        {
            return usual;
        }

        // The MKL in libtorch takes one thread where it sees Open MPI's launcher.
        var processors = IsSet(OpenMpi) ? Environment.ProcessorCount : usual;
        return Of(processors, File.Exists(Online) ? Count(File.ReadAllText(Online)) : processors, RanksHere(ranks));

        static bool IsSet(string name) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name));
    }

    /// <summary>One rank's part of the processors that it may run on, which are its own where they are not all of the host's.</summary>
    internal static int Of(int processors, int online, int ranksHere) =>
        processors < online ? processors : Math.Max(1, processors / ranksHere);

    /// <summary>How many ranks run on this one's host, itself among them.</summary>
    /// <param name="ranks">The ranks.</param>
    public static int RanksHere(ICommunicator ranks)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        return Enumerable.Range(0, ranks.Size).Count(rank => ranks.HostOf(rank) == ranks.HostOf(ranks.Rank));
    }

    /// <summary>This one's number among the ranks of its host, from 0.</summary>
    /// <param name="ranks">The ranks.</param>
    public static int NumberHere(ICommunicator ranks)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        return Enumerable.Range(0, ranks.Rank).Count(rank => ranks.HostOf(rank) == ranks.HostOf(ranks.Rank));
    }

    /// <summary>How many processors a list such as <c>0-3,8</c> names.</summary>
    private static int Count(string list) => Ranges().Matches(list).Sum(range =>
    {
        var first = int.Parse(range.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return range.Groups[2].Success ? int.Parse(range.Groups[2].ValueSpan, CultureInfo.InvariantCulture) - first + 1 : 1;
    });

    [GeneratedRegex("([0-9]+)(?:-([0-9]+))?")]
    private static partial Regex Ranges();
}
