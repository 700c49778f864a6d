using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ResLora.Models.Llama;

/// <summary>
/// How a model stretches its rotary frequencies to longer texts (<c>rope_scaling</c> or <c>rope_parameters</c> in config.json).
/// </summary>
/// <remarks>
/// linear: Chen et al., arXiv:2306.15595; yarn: Peng et al., arXiv:2309.00071, section 3; llama3: as in Llama 3.1's published code.
/// </remarks>
public sealed record RopeScaling
{
    private static readonly string[] _kinds = ["default", "linear", "llama3", "yarn", "dynamic"];

    /// <summary>The kind: <c>default</c>, <c>linear</c>, <c>llama3</c>, <c>yarn</c> or <c>dynamic</c>.</summary>
    [JsonPropertyName("rope_type")]
    public string? Kind { get; init; }

    /// <summary>The kind under its older name.</summary>
    [JsonPropertyName("type")]
    public string? OldKind { get; init; }

    /// <summary>How many times longer the texts become.</summary>
    [JsonPropertyName("factor")]
    public double? Factor { get; init; }

    /// <summary>llama3: wavelengths above original length / this are divided by <see cref="Factor"/>.</summary>
    [JsonPropertyName("low_freq_factor")]
    public double? LowFrequencyFactor { get; init; }

    /// <summary>llama3: wavelengths below original length / this are left alone.</summary>
    [JsonPropertyName("high_freq_factor")]
    public double? HighFrequencyFactor { get; init; }

    /// <summary>llama3 and yarn: the length in tokens that the model was first trained for.</summary>
    [JsonPropertyName("original_max_position_embeddings")]
    public double? OriginalLength { get; init; }

    /// <summary>yarn: what cosines and sines are multiplied by; null means what follows from the factor.</summary>
    [JsonPropertyName("attention_factor")]
    public double? AttentionFactor { get; init; }

    /// <summary>yarn: pairs that turn more often than this within the original length are left alone; null or 0 means 32.</summary>
    [JsonPropertyName("beta_fast")]
    public double? BetaFast { get; init; }

    /// <summary>yarn: pairs that turn less often than this are divided by <see cref="Factor"/>; null or 0 means 1.</summary>
    [JsonPropertyName("beta_slow")]
    public double? BetaSlow { get; init; }

    /// <summary>yarn: with <see cref="MscaleAllDimensions"/>, the numerator's share in the attention factor.</summary>
    [JsonPropertyName("mscale")]
    public double? Mscale { get; init; }

    /// <summary>yarn: with <see cref="Mscale"/>, the denominator's share in the attention factor.</summary>
    [JsonPropertyName("mscale_all_dim")]
    public double? MscaleAllDimensions { get; init; }

    /// <summary>yarn: whether the limits between the pairs are rounded outwards to whole ones; null means true.</summary>
    [JsonPropertyName("truncate")]
    public bool? Truncate { get; init; }

    /// <summary>The base θ, where a configuration keeps it here.</summary>
    [JsonPropertyName("rope_theta")]
    public double? Theta { get; init; }

    /// <summary>Everything else; <see cref="Problems"/> looks for what would change the numbers.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>The kind in force, lower case.</summary>
    [JsonIgnore]
    public string EffectiveKind => (Kind ?? OldKind ?? "default").ToLowerInvariant();

    /// <summary>Whether nothing is said at all.</summary>
    [JsonIgnore]
    public bool IsEmpty => Unread.Count == 0 && Says(new RopeScaling());

    /// <summary>What cosines and sines are multiplied by; 1 but for yarn.</summary>
    [JsonIgnore]
    public double AttentionScale => EffectiveKind != "yarn" ? 1
        : AttentionFactor ?? (
            (Mscale, MscaleAllDimensions) is (
        { } upper and not 0, { } lower and not 0) ? Magnitude(upper) / Magnitude(lower) : Magnitude(1));

    private double Stretch => Factor ?? 1;

    /// <summary>What cannot be carried out, a sentence each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (!_kinds.Contains(EffectiveKind))
        {
            yield return $"rope_scaling of type '{EffectiveKind}' is not supported (supported: {string.Join(", ", _kinds)})";
            yield break;
        }

        if (Unread.TryGetValue("partial_rotary_factor", out var partial) && !IsOne(partial))
        {
            yield return $"partial_rotary_factor {partial} is not supported (1 is)";
        }

        foreach (var (name, _) in Unread.Where(entry => entry.Value.ValueKind == JsonValueKind.Object))
        {
            yield return $"rope_scaling has settings of its own for '{name}', which is not supported: one rotary embedding serves all layers";
        }

        if (EffectiveKind == "default")
        {
            yield break;
        }

        if (!(Factor >= 1 && double.IsFinite(Factor.Value)))
        {
            yield return Factor is null
                ? $"rope_scaling of type {EffectiveKind} needs a factor"
                : $"rope_scaling.factor is {Factor}; it must be 1 or more";
        }

        if (EffectiveKind == "llama3" && !(
            LowFrequencyFactor > 0 && HighFrequencyFactor > LowFrequencyFactor && double.IsFinite(HighFrequencyFactor.Value)))
        {
            yield return $"rope_scaling of type llama3 needs 0 < low_freq_factor ({Said(LowFrequencyFactor)}) < high_freq_factor ({Said(HighFrequencyFactor)})";
        }

        if (EffectiveKind is "llama3" or "yarn" && !(OriginalLength > 0 && double.IsFinite(OriginalLength.Value)))
        {
            yield return $"original_max_position_embeddings is {Said(OriginalLength)}; it must be above 0";
        }

        foreach (var problem in EffectiveKind == "yarn" ? YarnProblems() : [])
        {
            yield return problem;
        }
    }

    /// <summary>The angular frequency of every pair.</summary>
    /// <param name="theta">θ.</param>
    /// <param name="headSize">E.</param>
    /// <returns>E/2 frequencies in radians a position: θ^(−2i/E), stretched.</returns>
    public double[] Frequencies(double theta, int headSize)
    {
        double[] plain = [.. Enumerable.Range(0, headSize / 2).Select(i => Math.Pow(theta, -2.0 * i / headSize))];
        return EffectiveKind switch
        {
            "linear" => [.. plain.Select(frequency => frequency / Stretch)],
            "llama3" => [.. plain.Select(Llama3)],
            "yarn" =>
                [.. plain.Zip(YarnShares(theta, headSize), (frequency, kept) => (frequency * kept) + (frequency / Stretch * (1 - kept)))],
            // Stretched for texts beyond the model's positions only, and there are none here.
            _ => plain,
        };
    }

    /// <summary>Whether two say the same; what is unread is left out.</summary>
    internal bool Says(RopeScaling other) => (this with { Unread = other.Unread }) == other;

    /// <summary>Whether a value is the number 1, or null.</summary>
    internal static bool IsOne(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1);

    private IEnumerable<string> YarnProblems()
    {
        var (fast, slow) = Betas;
        if (!(slow > 0 && fast >= slow && double.IsFinite(fast)))
        {
            yield return $"rope_scaling of type yarn needs 0 < beta_slow ({slow}) ≤ beta_fast ({fast})";
        }

        foreach (var (name, value) in new[] { ("attention_factor", AttentionFactor), ("mscale", Mscale), ("mscale_all_dim", MscaleAllDimensions) })
        {
            if (value is { } number && !(number >= 0 && double.IsFinite(number)))
            {
                yield return $"rope_scaling.{name} is {number}; it must be 0 or more";
            }
        }
    }

    private static string Said(double? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "missing";

    private double Llama3(double frequency)
    {
        var (length, low, high) = (OriginalLength!.Value, LowFrequencyFactor!.Value, HighFrequencyFactor!.Value);
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < length / high)
        {
            return frequency;
        }

        if (wavelength > length / low)
        {
            return frequency / Stretch;
        }

        var smooth = ((length / wavelength) - low) / (high - low);
        return ((1 - smooth) * frequency / Stretch) + (smooth * frequency);
    }

    private (double Fast, double Slow) Betas => (BetaFast is { } fast and not 0 ? fast : 32, BetaSlow is { } slow and not 0 ? slow : 1);

    /// <summary>
    /// For every pair the share of its plain frequency that is kept: 1 for those that turn often, 0 for those that hardly turn.
    /// </summary>
    private double[] YarnShares(double theta, int headSize)
    {
        var (low, high) = (Pair(Betas.Fast), Pair(Betas.Slow));
        if (Truncate != false)
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, headSize - 1));
        var width = low == high ? 0.001 : high - low;
        return [.. Enumerable.Range(0, headSize / 2).Select(i => 1 - Math.Clamp((i - low) / width, 0, 1))];

        // The pair that turns so many times within the original length.
        double Pair(double turns) => headSize * Math.Log(OriginalLength!.Value / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    /// <summary>0.1 m ln(factor) + 1.</summary>
    private double Magnitude(double share) => Stretch <= 1 ? 1 : (0.1 * share * Math.Log(Stretch)) + 1;
}
