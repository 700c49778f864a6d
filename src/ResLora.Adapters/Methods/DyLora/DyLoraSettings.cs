using System.Text.Json.Serialization;

namespace ResLora.Adapters.Methods.DyLora;

/// <summary>How often DyLoRA trains each of its ranks.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RankDistribution>))]
public enum RankDistribution
{
    /// <summary>All alike.</summary>
    [JsonStringEnumMemberName("uniform")] Uniform,

    /// <summary>Small ranks more often: each 0.85 times as often as the one below it.</summary>
    [JsonStringEnumMemberName("geometric")] Geometric,
}

/// <summary>DyLoRA's own settings.</summary>
/// <remarks>Valipour et al., arXiv:2210.07558, section 4 and algorithm 1.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DyLoraSettings
{
    /// <summary>How often a step trains each rank from 1 to the adapter's: uniform or geometric. Default uniform.</summary>
    public RankDistribution Distribution { get; init; }

    /// <summary>Whether a step of rank b trains row b of A and column b of B alone, and those before them stay. Default false.</summary>
    public bool Frozen { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (!Enum.IsDefined(Distribution))
        {
            yield return $"dyLora.distribution is {Distribution}; it must be uniform or geometric";
        }
    }
}
