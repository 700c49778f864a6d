using System.Globalization;
using System.Text.RegularExpressions;

namespace ResLora.Training.Distributed;

/// <summary>The processors that a rank has where others run on its host, too.</summary>
public static partial class ProcessorShare
{
    private const string Online = "/sys/devices/system/cpu/online";

    /// <summary>Shares a host's processors out among its ranks, where the launcher has not done so by binding each to some.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="usual">The threads that this process would take, which is as many processors as it may run on.</param>
    /// <returns>The threads, at least 1.</returns>
    public static int Of(ICommunicator ranks, int usual)
    {
        var isBound = File.Exists(Online) && usual < Count(File.ReadAllText(Online));
        return isBound ? usual : Math.Max(1, usual / RanksHere(ranks));
    }

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
