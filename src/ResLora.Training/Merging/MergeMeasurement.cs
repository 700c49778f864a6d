using ResLora.Adapters.Merging;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Training.Merging;

/// <summary>Holds merged models against the unmerged one, end to end and layer by layer.</summary>
/// <param name="Loss">What merging costs end to end.</param>
/// <param name="Modules">What it changes in each layer; empty when no shortcut was at work.</param>
public sealed record MergeMeasurement(MergeLoss Loss, IReadOnlyList<ModuleError> Modules)
{
    // Logits are the largest thing here: so many predictions are held at a time.
    private const int PredictionsAtOnce = 512;

    /// <summary>Measures several merges of one adapter on the same tokens: those whose labels are trained.</summary>
    /// <param name="session">The session with the unmerged adapter.</param>
    /// <param name="objective">What its model is for.</param>
    /// <param name="merged">Merged adapters of the same session; each is put in place and taken off again.</param>
    /// <param name="samples">The texts.</param>
    /// <param name="stop">Ends the measurement between two batches.</param>
    /// <returns>A measurement for each merged adapter, in their order.</returns>
    /// <exception cref="ConfigException">No sample has a token to predict.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IReadOnlyList<MergeMeasurement> Measure(
        ModelSession session, Objective objective, IReadOnlyList<MergedAdapter> merged, IReadOnlyList<IExample> samples, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(merged);
        ArgumentNullException.ThrowIfNull(samples);
        using var mode = new EvaluationMode(session.Model);
        var errors = new ModuleErrors(merged);
        Sums[] sums = [.. merged.Select(_ => new Sums(objective))];
        foreach (var (part, group) in Batches(objective, samples))
        {
            stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = objective.Collate(group);
            Tensor unmerged;
            using (session.Adapter!.Observe(errors))
            {
                unmerged = objective.Predictions(batch);   // [N, V]
            }

            for (var i = 0; i < merged.Count; i++)
            {
                using var inner = NewDisposeScope();
                using var applied = merged[i].Apply();
                sums[i].Add(part, unmerged, objective.Predictions(batch), batch.Targets);
            }
        }

        return sums is [{ Tokens: 0 }, ..]
            ? throw new ConfigException("The loss of merging cannot be measured: no text has a token to predict.")
            : [.. sums.Select((sum, i) => new MergeMeasurement(sum.ToLoss(), errors.Of(i)))];
    }

    /// <summary>Batches of one part each.</summary>
    private static IEnumerable<(int Part, IExample[] Examples)> Batches(Objective objective, IReadOnlyList<IExample> samples) =>
        samples.GroupBy(objective.PartOf).OrderBy(part => part.Key).SelectMany(
            part => Batches(objective, part).Select(batch => (part.Key, batch)));

    /// <summary>Texts alike in length side by side, as many as give the wanted number of predictions.</summary>
    private static IEnumerable<IExample[]> Batches(Objective objective, IEnumerable<IExample> samples)
    {
        var (batch, predictions) = (new List<IExample>(), 0);
        foreach (var sample in samples.Where(s => objective.TargetsOf(s) > 0).OrderBy(s => s.Size))
        {
            if (batch.Count > 0 && predictions + objective.TargetsOf(sample) > PredictionsAtOnce)
            {
                yield return [.. batch];
                batch.Clear();
                predictions = 0;
            }

            batch.Add(sample);
            predictions += objective.TargetsOf(sample);
        }

        if (batch.Count > 0)
        {
            yield return [.. batch];
        }
    }

    private sealed class Sums(Objective objective)
    {
        private readonly PartSums[] _parts = [.. Enumerable.Range(0, Math.Max(1, objective.Parts.Count)).Select(_ => new PartSums())];
        private double _divergence;
        private double _largest;
        private long _agreeing;

        public long Tokens => _parts.Sum(part => part.Tokens);

        public void Add(int part, Tensor unmerged, Tensor merged, Tensor targets)
        {
            using var scope = NewDisposeScope();
            if (objective.PredictsValues)
            {
                // Of normal distributions around the two values, of variance 1.
                _divergence += (unmerged - merged).square().sum().item<float>() / 2;
            }
            else
            {
                var p = unmerged.log_softmax(-1);                // [N, V]
                var q = merged.log_softmax(-1);                  // [N, V]
                _divergence += (p.exp() * (p - q)).sum().item<float>();
                _agreeing += unmerged.argmax(-1).eq(merged.argmax(-1)).sum().item<long>();
            }

            _largest = Math.Max(_largest, (unmerged - merged).abs().max().item<float>());
            _parts[part].Tokens += targets.numel();
            _parts[part].Unmerged += objective.LossSum(unmerged, targets).item<float>();
            _parts[part].Merged += objective.LossSum(merged, targets).item<float>();
        }

        public MergeLoss ToLoss() => new(
            Tokens, Math.Max(0, _divergence / Tokens), objective.PredictsValues ? double.NaN : (double)_agreeing / Tokens, _largest,
            _parts.Sum(part => part.Unmerged) / Tokens, _parts.Sum(part => part.Merged) / Tokens)
        {
            Parts = objective.Parts.Count == 0
                ? null
                : [.. objective.Parts.Zip(_parts).Where(part => part.Second.Tokens > 0).Select(part => part.Second.ToLoss(part.First))],
        };
    }

    private sealed class PartSums
    {
        public long Tokens { get; set; }

        public double Unmerged { get; set; }

        public double Merged { get; set; }

        public PartLoss ToLoss(string name) => new(name, Unmerged / Tokens, Merged / Tokens);
    }
}
