using ResLora.Experiments.Workloads;
using ResLora.Training.Merging;

namespace ResLora.Experiments.Merging;

/// <summary>What a merge did and what it cost.</summary>
/// <param name="Adapter">The adapter folder.</param>
/// <param name="Model">The base model's folder.</param>
/// <param name="Output">The folder written; null when methods were only compared.</param>
/// <param name="As">What was made; null when nothing was.</param>
/// <param name="Chosen">The method that was used, or the best one when nothing was made.</param>
/// <param name="Ranking">All measured methods, the lowest divergence first; the chosen one and the control <c>dropped</c> (where it fits)
/// are among them.</param>
/// <param name="CalibratedOn">Which texts calibrated methods saw; null when none was measured.</param>
/// <param name="MeasuredOn">Which texts the losses were measured on.</param>
/// <param name="UnmergedExactMatch">The unmerged model's right answers; null when none were generated.</param>
/// <param name="ReadBackDifference">The largest absolute difference of a logit between the merged model and what was read back from the
/// output; null when nothing was written.</param>
public sealed record MergeReport(
    string Adapter,
    string Model,
    string? Output,
    MergeTarget? As,
    MergeOutcome Chosen,
    IReadOnlyList<MergeOutcome> Ranking,
    string? CalibratedOn,
    string MeasuredOn,
    Score? UnmergedExactMatch,
    double? ReadBackDifference)
{
    /// <summary>The chosen method's name.</summary>
    public string Method => Chosen.Method;

    /// <summary>Whether the chosen method computes the same function, but for rounding.</summary>
    public bool IsExact => Chosen.IsExact;

    /// <summary>What the chosen method costs end to end.</summary>
    public MergeLoss Loss => Chosen.Loss;

    /// <summary>The method with the lowest divergence on held-out texts among those measured.</summary>
    public string Best => Ranking[0].Method;

    /// <summary>What leaving the shortcuts out costs; null where that is no merge.</summary>
    public MergeOutcome? Dropped => Ranking.FirstOrDefault(outcome => outcome.Method == "dropped");
}
