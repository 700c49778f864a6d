using System.Text.Json.Serialization;

namespace ResLora.Adapters.Methods.Lokr;

/// <summary>What LoKr has besides rank and alpha.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LokrSettings
{
    /// <summary>Whether the first factor of the Kronecker product has a low rank as well, where that is smaller. Default false.</summary>
    public bool DecomposeBoth { get; init; }

    /// <summary>The number that a layer's sides are divided by; −1 for the nearest to their square roots. Default −1.</summary>
    public int DecomposeFactor { get; init; } = -1;

    /// <summary>
    /// Whether a convolution's kernel has a core of its own, [R, R, kh, kw], in place of being part of the inputs. Default false.
    /// </summary>
    public bool EffectiveConvolution { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        // No layer has longer sides, and a factor beyond them would be taken for -1 without a word.
        if (DecomposeFactor is not -1 and (< 1 or > AdapterConfig.MaxRank))
        {
            yield return $"lokr.decomposeFactor is {DecomposeFactor}; it must be from 1 to {AdapterConfig.MaxRank}, or -1";
        }
    }
}
