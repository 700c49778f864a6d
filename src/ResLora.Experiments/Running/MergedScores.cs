using ResLora.Adapters.Merging;
using ResLora.Formats;
using ResLora.Training;
using ResLora.Training.Merging;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Running;

/// <summary>Scores what the adapter in training would be worth once merged.</summary>
internal static class MergedScores
{
    /// <summary>The name of a merged model's metric, such as <c>eval_merged_least_squares_loss</c>.</summary>
    /// <param name="method">The merge method.</param>
    /// <param name="metric">What is measured, such as <c>loss</c>.</param>
    public static string NameOf(MergeMethod method, string metric) =>
        $"eval_merged_{MergeMethods.Name(method).Replace('-', '_')}_{metric}";

    /// <summary>Merges by each method in turn, puts the merged model in force and lets it be scored.</summary>
    /// <param name="session">The session with the adapter in training.</param>
    /// <param name="objective">What its model is trained for.</param>
    /// <param name="calibration">The examples that calibrated methods see.</param>
    /// <param name="methods">The methods.</param>
    /// <param name="score">Gives results by the names that follow <c>eval_merged_METHOD_</c>.</param>
    /// <param name="stop">Ends it between two batches.</param>
    public static IEnumerable<KeyValuePair<string, double>> Of(
        ModelSession session, Objective objective, IReadOnlyList<IExample> calibration, IReadOnlyList<MergeMethod> methods,
        Func<IReadOnlyDictionary<string, double>> score, CancellationToken stop)
    {
        var adapter = session.Adapter!;
        var texts = CalibrationTexts.Batches(objective, calibration, stop);
        foreach (var method in methods)
        {
            // Once shortcuts are annealed away every method comes to the same, and only the exact one is one by name.
            var settings = new MergeSettings(adapter.ShortcutWeight == 0 ? MergeMethod.Exact : method);
            using var merged = Merger.Merge(adapter, settings, texts);
            using var applied = merged.Apply();
            foreach (var (name, value) in score())
            {
                yield return KeyValuePair.Create(NameOf(method, name), value);
            }
        }
    }
}
