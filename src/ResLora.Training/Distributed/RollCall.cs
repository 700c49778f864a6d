using System.Reflection;
using ResLora.Formats.Errors;

namespace ResLora.Training.Distributed;

/// <summary>That all ranks are about to do the same.</summary>
public static class RollCall
{
    /// <summary>Holds what this rank is about to do against what the first one is.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="mine">What must be equal, by name: settings, and digests of data and models.</param>
    /// <exception cref="ConfigException">Something differs.</exception>
    public static void Require(ICommunicator ranks, IReadOnlyDictionary<string, string> mine)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(mine);
        if (ranks.Size == 1)
        {
            return;
        }

        const string version = "reslora's version";
        var here = new SortedDictionary<string, string>(mine.ToDictionary(), StringComparer.Ordinal)
        {
            // With the commit that the build was made from.
            [version] = typeof(RollCall).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
        };
        var first = ranks.BroadcastJson(here.ToDictionary());
        const string none = "not set";
        string[] differences =
        [
            .. here.Keys.Union(first.Keys).Order(StringComparer.Ordinal)
                .Where(name => here.GetValueOrDefault(name) != first.GetValueOrDefault(name))
                .Select(name => $"{name} ({first.GetValueOrDefault(name, none)} on rank 0, {here.GetValueOrDefault(name, none)} here)"),
        ];
        if (differences.Length > 0)
        {
            throw new ConfigException(
                $"It does not do the same as rank 0 on {ranks.HostOf(0)}: {string.Join(", ", differences)} differ; "
                + "give all ranks the same files.");
        }

        // Nobody begins before all are found alike.
        ranks.Any(false);
    }
}
