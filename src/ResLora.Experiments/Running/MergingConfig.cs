using ResLora.Adapters;
using ResLora.Adapters.Merging;

namespace ResLora.Experiments.Running;

/// <summary>Merged models that every evaluation of a run scores beside the unmerged one.</summary>
public sealed record MergingConfig
{
    /// <summary>
    /// The merge methods: each evaluation also measures the model merged by each, as <c>eval_merged_least_squares_loss</c> and so on, and
    /// <c>training.bestMetric</c> may name one of them. Default: none.
    /// </summary>
    public IReadOnlyList<MergeMethod> Evaluate { get; init; } = [];

    /// <summary>How many training samples least-squares and projection are calibrated on, from the start of the data. Default 64.</summary>
    public int CalibrationSamples { get; init; } = 64;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <param name="adapter">The adapter that is trained; null when there is none.</param>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems(AdapterConfig? adapter)
    {
        if (CalibrationSamples < 1)
        {
            yield return $"calibrationSamples is {CalibrationSamples}; it must be 1 or more";
        }

        if (adapter is null && Evaluate.Count > 0)
        {
            yield return "evaluate names merges, and there is no adapter to merge";
        }

        var fitting = adapter is null ? Evaluate : MergeMethods.For(adapter);
        foreach (var method in Evaluate.Where(method => !fitting.Contains(method)))
        {
            yield return $"evaluate has {MergeMethods.Name(method)}, which does not fit this adapter; {string.Join(", ", fitting.Select(MergeMethods.Name))} would";
        }
    }
}
