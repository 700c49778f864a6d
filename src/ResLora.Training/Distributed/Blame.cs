using System.Text;

namespace ResLora.Training.Distributed;

/// <summary>Whose fault it is that something went wrong in all ranks.</summary>
internal static class Blame
{
    /// <summary>What the first rank names that names anything; all ranks call this.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="own">What this one names; null for nothing.</param>
    /// <returns>The name, with the rank and its host where it is not this one's; null when none names anything.</returns>
    public static string? FirstNamed(this ICommunicator ranks, string? own)
    {
        var names = ranks.Gather(Encoding.UTF8.GetBytes(own ?? "")).Select(Encoding.UTF8.GetString).ToList();
        var first = names.FindIndex(name => name.Length > 0);
        return first < 0 ? null
            : first == ranks.Rank ? own
            : FormattableString.Invariant($"{names[first]} of rank {first} on {ranks.HostOf(first)}");
    }
}
