using ResLora.Adapters.Merging;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Training;
using ResLora.Training.Loop;
using ResLora.Training.Merging;

namespace ResLora.Experiments.Merging;

/// <summary>Merges one adapter in several ways and measures each on the same texts.</summary>
internal sealed class MergeComparison : IDisposable
{
    private readonly List<(MergeSettings Settings, MergedAdapter Merged)> _merges = [];

    private MergeComparison(MeasuredExamples texts) => MeasuredOn = texts.Source;

    /// <summary>
    /// The outcomes, that nearest to the unmerged model first: by divergence, not by loss. A merge is to keep what was trained; losses of
    /// faithful merges differ by less than the choice of texts does.
    /// </summary>
    public IReadOnlyList<MergeOutcome> Ranking { get; private set; } = [];

    /// <summary>Which texts were measured on.</summary>
    public string MeasuredOn { get; }

    /// <summary>Which texts calibrated methods saw; null when there was none.</summary>
    public string? CalibratedOn { get; private set; }

    /// <summary>The unmerged model's right answers; null when none were generated.</summary>
    public Score? UnmergedExactMatch { get; private set; }

    /// <summary>The merged adapter behind an outcome, owned by the comparison.</summary>
    public MergedAdapter Merged(MergeOutcome outcome) => _merges.Single(merge => merge.Settings.Name == outcome.Method).Merged;

    /// <summary>Merges and measures.</summary>
    public static MergeComparison Run(
        MergeOptions options, IReadOnlyList<MergeSettings> methods, ModelSession session, MeasuredExamples texts, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        var comparison = new MergeComparison(texts);
        try
        {
            comparison.Merge(options, methods, session, progress, stop);
            comparison.Measure(options, session, texts, progress, stop);
            return comparison;
        }
        catch
        {
            comparison.Dispose();
            throw;
        }
    }

    public void Dispose() => _merges.ForEach(merge => merge.Merged.Dispose());

    private void Merge(
        MergeOptions options,
        IReadOnlyList<MergeSettings> methods,
        ModelSession session,
        IProgress<RunEvent>? progress,
        CancellationToken stop)
    {
        IReadOnlyList<CalibrationBatch> calibration = [];
        if (methods.Any(method => MergeMethods.NeedsCalibration(method.Method)))
        {
            var texts = MergeExamples.ToCalibrate(options.Texts, session);
            CalibratedOn = texts.Source;
            calibration = CalibrationTexts.Batches(texts.Objective, texts.Examples, stop);
        }

        foreach (var settings in methods)
        {
            progress?.Report(new StageStarted($"Merging by {settings.Name}"));
            var steps = progress is null ? null : new CalibrationForwarder(progress);
            _merges.Add((settings, Merger.Merge(session.Adapter!, settings, calibration, steps)));
        }
    }

    private void Measure(
        MergeOptions options, ModelSession session, MeasuredExamples texts, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        progress?.Report(new StageStarted($"Measuring on {texts.Source}"));
        MergedAdapter[] merged = [.. _merges.Select(merge => merge.Merged)];
        var measured = MergeMeasurement.Measure(session, texts.Objective, merged, texts.Examples, stop);
        UnmergedExactMatch = Answers(options, texts, "unmerged", progress, stop);
        var outcomes = _merges.Zip(measured).Select(pair =>
        {
            using var applied = pair.First.Merged.Apply();
            return new MergeOutcome(
                pair.First.Settings.Name, pair.First.Merged.IsExact, pair.Second.Loss,
                Answers(options, texts, pair.First.Settings.Name, progress, stop), pair.Second.Modules);
        });
        Ranking = [.. outcomes.OrderBy(outcome => outcome.Loss.MeanKl).ThenBy(outcome => outcome.Loss.LossMerged)];
    }

    private static Score? Answers(
        MergeOptions options, MeasuredExamples texts, string name, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        if (!options.Answers || texts.Answer is not { } answer)
        {
            return null;
        }

        progress?.Report(new StageStarted($"Answering: {name}"));
        return answer(stop);
    }

    private sealed class CalibrationForwarder(IProgress<RunEvent> progress) : IProgress<CalibrationProgress>
    {
        public void Report(CalibrationProgress value) => progress.Report(new CalibrationAdvanced(value));
    }
}
