using System.Text.Json.Serialization;

namespace ResLora.Models.Llama;

/// <summary>How a model stretches its rotary frequencies to longer texts (<c>rope_scaling</c> in config.json).</summary>
public sealed record RopeScaling
{
    /// <summary>The kind: <c>default</c>, <c>linear</c> or <c>llama3</c>.</summary>
    [JsonPropertyName("rope_type")]
    public string? Kind { get; init; }

    /// <summary>The kind under its older name.</summary>
    [JsonPropertyName("type")]
    public string? OldKind { get; init; }

    /// <summary>How many times longer the texts become.</summary>
    [JsonPropertyName("factor")]
    public double Factor { get; init; } = 1;

    /// <summary>llama3: wavelengths above original length / this are divided by <see cref="Factor"/>.</summary>
    [JsonPropertyName("low_freq_factor")]
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>llama3: wavelengths below original length / this are left alone.</summary>
    [JsonPropertyName("high_freq_factor")]
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>llama3: the length in tokens that the model was first trained for.</summary>
    [JsonPropertyName("original_max_position_embeddings")]
    public double OriginalLength { get; init; } = 8192;

    /// <summary>The base θ, where a configuration keeps it here (<c>rope_parameters</c>).</summary>
    [JsonPropertyName("rope_theta")]
    public double? Theta { get; init; }

    /// <summary>The kind in force, lower case.</summary>
    [JsonIgnore]
    public string EffectiveKind => (Kind ?? OldKind ?? "default").ToLowerInvariant();

    /// <summary>What cannot be carried out, a sentence each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (EffectiveKind is not ("default" or "linear" or "llama3"))
        {
            yield return $"rope_scaling of type '{EffectiveKind}' is not supported (default, linear and llama3 are)";
        }

        if (!(Factor >= 1 && double.IsFinite(Factor)))
        {
            yield return $"rope_scaling.factor is {Factor}; it must be 1 or more";
        }

        if (EffectiveKind == "llama3" && !(LowFrequencyFactor > 0 && HighFrequencyFactor > LowFrequencyFactor && OriginalLength > 0))
        {
            yield return $"rope_scaling of type llama3 needs 0 < low_freq_factor ({LowFrequencyFactor}) < high_freq_factor ({HighFrequencyFactor}) and a positive original length ({OriginalLength})";
        }
    }

    /// <summary>Scales one angular frequency.</summary>
    /// <param name="frequency">θ^(−2i/E), radians a position.</param>
    /// <returns>The frequency in force.</returns>
    public double Apply(double frequency)
    {
        switch (EffectiveKind)
        {
            case "linear":
                return frequency / Factor;
            case "llama3":
                var wavelength = 2 * Math.PI / frequency;
                if (wavelength < OriginalLength / HighFrequencyFactor)
                {
                    return frequency;
                }

                if (wavelength > OriginalLength / LowFrequencyFactor)
                {
                    return frequency / Factor;
                }

                var smooth = (OriginalLength / wavelength - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
                return (1 - smooth) * frequency / Factor + smooth * frequency;
            default:
                return frequency;
        }
    }
}
