using ResLora.Adapters.Merging;
using ResLora.Experiments.Workloads;
using ResLora.Training.Merging;

namespace ResLora.Experiments.Merging;

/// <summary>What one method costs.</summary>
/// <param name="Method">The method's name, such as <c>least-squares sequential</c>.</param>
/// <param name="IsExact">Whether the method computes the same function, but for rounding.</param>
/// <param name="Loss">What merging costs end to end.</param>
/// <param name="ExactMatch">The merged model's right answers; null when none were generated.</param>
/// <param name="Modules">What merging changes in each layer, on held-out tokens; empty when no shortcut was at work.</param>
public sealed record MergeOutcome(string Method, bool IsExact, MergeLoss Loss, Score? ExactMatch, IReadOnlyList<ModuleError> Modules)
{
    /// <summary>The root mean square of the layers' relative errors of the update; 0 without shortcuts at work.</summary>
    public double MeanUpdateError => Modules.Count == 0 ? 0 : Math.Sqrt(Modules.Average(m => m.Update * m.Update));
}
