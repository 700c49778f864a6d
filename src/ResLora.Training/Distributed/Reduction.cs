using System.Text.Json.Serialization;

namespace ResLora.Training.Distributed;

/// <summary>How the gradients of a step's forward passes are added up.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Reduction>))]
public enum Reduction
{
    /// <summary>In the order that is quickest. Losses on other numbers of ranks are the same up to rounding.</summary>
    [JsonStringEnumMemberName("fast")] Fast,

    /// <summary>
    /// One forward pass after the other, in their order, whichever rank computed them: the same bits on any number of ranks, if each
    /// computes on as many threads. No forward pass is divided, so that there must be as many as ranks.
    /// </summary>
    [JsonStringEnumMemberName("ordered")] Ordered,
}
