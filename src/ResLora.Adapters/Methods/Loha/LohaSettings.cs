using System.Text.Json.Serialization;

namespace ResLora.Adapters.Methods.Loha;

/// <summary>What LoHa has besides rank and alpha.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LohaSettings
{
    /// <summary>
    /// Whether a convolution's kernel has a core of its own, [R, R, kh, kw], in place of being part of the inputs: fewer numbers. Default
    /// false.
    /// </summary>
    public bool EffectiveConvolution { get; init; }
}
