using System.Text.Json.Serialization;

namespace ResLora.Training.Generation;

/// <summary>How text is generated.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record GenerationConfig
{
    /// <summary>
    /// The most tokens that are generated; the end token and the model's last position end the text earlier. Default 128.
    /// </summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>0 takes the likeliest token every time; above, logits are divided by it and a token is drawn. Default 0.</summary>
    public double Temperature { get; init; }

    /// <summary>
    /// Draws only among the likeliest tokens that together reach this probability, above 0 up to 1. Default 1: among all.
    /// </summary>
    public double TopP { get; init; } = 1;

    /// <summary>The seed of the drawing; row n of a batch draws from a sequence of its own. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// Whether keys and values of earlier tokens are kept; without, everything is computed again for each token. Default true.
    /// </summary>
    public bool UseCache { get; init; } = true;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (MaxNewTokens < 1)
        {
            yield return $"maxNewTokens is {MaxNewTokens}; it must be 1 or more";
        }

        if (!(Temperature >= 0 && double.IsFinite(Temperature)))
        {
            yield return $"temperature is {Temperature}; it must be 0 or more";
        }

        if (!(TopP is > 0 and <= 1))
        {
            yield return $"topP is {TopP}; it must be above 0 and at most 1";
        }
    }
}
