using System.Text.Json.Serialization;
using ResLora.Training.Evaluation;

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

    /// <summary>What a network's outputs say.</summary>
    /// <param name="index">The example's number.</param>
    /// <param name="outputs">The scores of the labels before softmax; the one value for a score.</param>
    /// <param name="labels">The labels in the order of the outputs; null for a score.</param>
    /// <returns>The prediction.</returns>
    internal static LabelPrediction Of(long index, IReadOnlyList<float> outputs, IReadOnlyList<string>? labels)
    {
        if (labels is null)
        {
            return new LabelPrediction(index, null, outputs[0], null);
        }

        var shares = labels.Zip(Softmax(outputs)).ToDictionary(pair => pair.First, pair => pair.Second);
        return new LabelPrediction(index, labels[LabelScores.Highest(outputs)], null, shares);
    }

    /// <summary>Probabilities, 0 to 1, of the scores of labels.</summary>
    internal static double[] Softmax(IReadOnlyList<float> scores)
    {
        var highest = scores.Max();
        double[] powers = [.. scores.Select(score => Math.Exp((double)score - highest))];
        var sum = powers.Sum();
        return [.. powers.Select(power => power / sum)];
    }
}
