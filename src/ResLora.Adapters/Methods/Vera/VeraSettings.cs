using System.Text.Json.Serialization;

namespace ResLora.Adapters.Methods.Vera;

/// <summary>VeRA's own settings.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record VeraSettings
{
    private const double MaxInitial = 1_000_000;

    /// <summary>The first value of every number of d; the paper recommends 0.1 or less. Default 0.1.</summary>
    public double Initial { get; init; } = 0.1;

    /// <summary>The seed that the frozen matrices A and B are drawn from, from 0. Default 0.</summary>
    public int ProjectionSeed { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (!(Math.Abs(Initial) is > 0 and <= MaxInitial))
        {
            // At 0 neither d nor b would ever move.
            yield return $"vera.initial is {Initial}; it must not be 0, and at most {MaxInitial}";
        }

        if (ProjectionSeed < 0)
        {
            yield return $"vera.projectionSeed is {ProjectionSeed}; it must be 0 or more";
        }
    }
}
