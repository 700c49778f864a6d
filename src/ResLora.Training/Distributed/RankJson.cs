using System.Text.Json;
using System.Text.Json.Serialization;

namespace ResLora.Training.Distributed;

/// <summary>What ranks tell each other beside plain numbers, as JSON: a loss or a metric may be no finite number.</summary>
internal static class RankJson
{
    private static readonly JsonSerializerOptions _options = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        IncludeFields = true,
    };

    /// <summary>Gives all ranks what rank 0 has.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="value">What it has; what the others give is not read.</param>
    /// <returns>A copy.</returns>
    public static T BroadcastJson<T>(this ICommunicator ranks, T value) =>
        JsonSerializer.Deserialize<T>(ranks.Broadcast(JsonSerializer.SerializeToUtf8Bytes(value, _options)), _options)!;

    /// <summary>Gives all ranks what each of them has.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="value">What this one has.</param>
    /// <returns>One a rank, in their order.</returns>
    public static T[] GatherJson<T>(this ICommunicator ranks, T value) =>
    [
        .. ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(value, _options))
            .Select(theirs => JsonSerializer.Deserialize<T>(theirs, _options)!),
    ];
}
