namespace ResLora.Training.Evaluation;

/// <summary>What merging away the shortcuts costs: the merged model held against the unmerged one on the same tokens.</summary>
/// <param name="Tokens">How many next-token predictions were compared.</param>
/// <param name="MeanKl">Mean Kullback-Leibler divergence of the merged predictions from the unmerged ones, in nats a token; 0 when nothing is lost.</param>
/// <param name="TopOneAgreement">The share of positions where both models rate the same token highest, 0 to 1.</param>
/// <param name="MaxLogitDifference">The largest absolute difference of two logits.</param>
/// <param name="LossUnmerged">Mean cross entropy of the unmerged model on the next tokens, in nats.</param>
/// <param name="LossMerged">Mean cross entropy of the merged model on the next tokens, in nats.</param>
public sealed record MergeLoss(long Tokens, double MeanKl, double TopOneAgreement, double MaxLogitDifference, double LossUnmerged, double LossMerged)
{
    /// <summary>By how much merging raises the loss, in nats a token; below 0 when the merged model happens to be better.</summary>
    public double Increase => LossMerged - LossUnmerged;
}
