using System.Text.Json.Serialization;

namespace ResLora.Experiments.Predicting;

/// <summary>What a model says about one text.</summary>
/// <param name="Index">The text's number: of the data set's own column, else its place from 0.</param>
/// <param name="Label">The likeliest label; null for a score.</param>
/// <param name="Score">The predicted score; null for labels.</param>
/// <param name="Probabilities">The probability of every label, 0 to 1; null for a score.</param>
public sealed record TextPrediction(
    long Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Label,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Score,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, double>? Probabilities);
