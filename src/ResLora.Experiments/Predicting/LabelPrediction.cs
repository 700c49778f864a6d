using System.Text.Json.Serialization;

namespace ResLora.Experiments.Predicting;

/// <summary>What a network says about one text or picture.</summary>
/// <param name="Index">Its number: of the data set's own column, else its place from 0.</param>
/// <param name="Label">The likeliest label; null for a score.</param>
/// <param name="Score">The predicted score; null for labels.</param>
/// <param name="Probabilities">The probability of every label, 0 to 1; null for a score.</param>
public sealed record LabelPrediction(
    long Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Label,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Score,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, double>? Probabilities)
{
    /// <summary>The picture, as the data set calls it; null for a text.</summary>
    [JsonPropertyOrder(-1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? File { get; init; }
}
