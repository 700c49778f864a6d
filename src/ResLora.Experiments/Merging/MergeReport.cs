using ResLora.Adapters.Merging;
using ResLora.Training.Evaluation;

namespace ResLora.Experiments.Merging;

/// <summary>What a merge did and what it cost.</summary>
/// <param name="Adapter">The adapter folder.</param>
/// <param name="Model">The base model's folder.</param>
/// <param name="Output">The folder written.</param>
/// <param name="Method">How shortcuts were merged.</param>
/// <param name="IsExact">Whether the method computes the same function, but for rounding.</param>
/// <param name="As">What was made.</param>
/// <param name="MeasuredOn">Which texts the loss was measured on.</param>
/// <param name="Loss">What merging costs on them.</param>
/// <param name="ReadBackDifference">The largest absolute difference of a logit between the merged model and what was read back from the output.</param>
public sealed record MergeReport(
    string Adapter, string Model, string Output, MergeMethod Method, bool IsExact, MergeTarget As, string MeasuredOn, MergeLoss Loss, double ReadBackDifference);
