using ResLora.Adapters.Merging;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training;
using ResLora.Training.Loop;
using ResLora.Training.Merging;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Comparing;

/// <summary>Measures finished runs on the test data: as they are, with their shortcuts merged away, and on the general text.</summary>
/// <param name="config">The comparison.</param>
/// <param name="progress">Is told how many samples are done; null for nobody.</param>
internal sealed class TestBench(CompareConfig config, IProgress<RunEvent>? progress)
{
    private const int BatchSize = 16;
    private const int CalibrationSamples = 64;

    private readonly CompareSettings _settings = config.Settings;

    /// <summary>Measures a run.</summary>
    /// <param name="run">The run, which is done.</param>
    /// <param name="key">What the measurement depends on.</param>
    /// <param name="stop">Ends it.</param>
    public TestRecord Measure(PlannedRun run, string key, CancellationToken stop)
    {
        var weights = _settings.Weights == TestedWeights.Best ? run.Folder.BestOrLast : run.Folder.Last;
        // Not those beside the weights: model and data may have been moved since they were written.
        var settings = run.Config;
        var type = ComputeType.Of(settings.Training.DataType);
        using var session = IsFull(settings)
            ? ModelSession.Load(weights, dtype: type, device: ComputeDevice.Current)
            : ModelSession.Load(settings.Model, weights, type, ComputeDevice.Current);
        var scorer = Scorer(session, IsFull(settings) ? null : weights, settings.For(session.Model).Training.MaxLength);
        var record = new TestRecord(
            key, scorer.Measure(session, _settings.Test, stop))
        { General = General(session, IsFull(settings) ? null : weights, stop) };
        return session.Adapter is { Config.Shortcut.Kind: not Adapters.ShortcutKind.None } adapter
            ? WithMerged(record, session, MergeMethods.For(adapter)[0], scorer, settings, stop)
            : record;
    }

    /// <summary>Measures the model that all runs start from.</summary>
    /// <param name="key">What the measurement depends on.</param>
    /// <param name="hasHead">Whether the task needs a head, which the model without training lacks.</param>
    /// <param name="stop">Ends it.</param>
    public TestRecord MeasureBase(string key, bool hasHead, CancellationToken stop)
    {
        if (hasHead)
        {
            return new TestRecord(key, null);
        }

        var settings = config.Run;
        using var session = ModelSession.Load(
            settings.Model, dtype: ComputeType.Of(settings.Training.DataType), device: ComputeDevice.Current);
        return new TestRecord(
            key, Scorer(session, null, settings.For(session.Model).Training.MaxLength).Measure(session, _settings.Test, stop))
        {
            General = General(session, null, stop),
        };
    }

    private static bool IsFull(RunConfig run) => run.Adapter is null && run.StartFrom is null;

    private ItemScorer Scorer(ModelSession session, string? adapter, int maxLength)
    {
        var terms = new MeasuringTerms(BatchSize, maxLength)
        {
            MaxNewTokens = _settings.MaxNewTokens,
            Answered = (done, total) => progress?.Report(new SamplesDone(done, total)),
        };
        return new ItemScorer(TestData.Read(config, session, adapter), _settings.Score, terms);
    }

    private TestRecord WithMerged(
        TestRecord record, ModelSession session, MergeMethod method, ItemScorer scorer, RunConfig settings, CancellationToken stop)
    {
        IReadOnlyList<CalibrationBatch> texts = [];
        if (MergeMethods.NeedsCalibration(method))
        {
            var examples = settings.ReadData(session.Model, headIsNew: false)
                .Take(session, heldOut: false, CalibrationSamples, "the training data");
            texts = CalibrationTexts.Batches(examples.Objective, examples.Examples, stop);
        }

        using var merged = Merger.Merge(session.Adapter!, new MergeSettings(method), texts);
        using var applied = merged.Apply();
        return record with { Merged = scorer.Measure(session, _settings.Test, stop), MergeMethod = MergeMethods.Name(method) };
    }

    private double? General(ModelSession session, string? adapter, CancellationToken stop)
    {
        if (TestData.ReadGeneral(config, session, adapter) is not { } data)
        {
            return null;
        }

        var texts = data.Take(session, heldOut: false, _settings.GeneralCount, _settings.GeneralText!);
        return texts.Objective.Measure(texts.Examples, BatchSize, stop)[Objective.LossMetric];
    }
}
