using System.Text.Json.Serialization;

namespace ResLora.Training.Merging;

/// <summary>What merging away the shortcuts costs: the merged model held against the unmerged one on the same tokens, or texts.</summary>
/// <param name="Tokens">How many predictions were compared: of next tokens, or of a label or score for a text.</param>
/// <param name="MeanKl">
/// Mean Kullback-Leibler divergence of the merged predictions from the unmerged ones, in nats a prediction; 0 when nothing is lost. Scores
/// count as the means of normal distributions of variance 1: half the squared difference.
/// </param>
/// <param name="TopOneAgreement">The share of predictions where both models rate the same token or label highest, 0 to 1; not a number for
/// values, such as scores.</param>
/// <param name="MaxLogitDifference">The largest absolute difference of two logits, or values.</param>
/// <param name="LossUnmerged">Mean loss of the unmerged model: cross entropy in nats, or the squared error of scores.</param>
/// <param name="LossMerged">Mean loss of the merged model.</param>
public sealed record MergeLoss(
    long Tokens, double MeanKl, double TopOneAgreement, double MaxLogitDifference, double LossUnmerged, double LossMerged)
{
    /// <summary>The losses of each part of the examples, in order; null where there are no parts, and not written then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PartLoss>? Parts { get; init; }

    /// <summary>Whether values are predicted, such as scores or the noise in a picture; else one of several tokens or labels is.</summary>
    [JsonIgnore]
    public bool IsOfValues => double.IsNaN(TopOneAgreement);

    /// <summary>What <see cref="MeanKl"/> is measured in, to stand behind the number.</summary>
    [JsonIgnore]
    public string DivergenceUnit => IsOfValues ? "(half the mean squared difference)" : "nats a prediction";

    /// <summary>By how much merging raises the loss of a prediction; below 0 when the merged model happens to be better.</summary>
    public double Increase => LossMerged - LossUnmerged;
}
