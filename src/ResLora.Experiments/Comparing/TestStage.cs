using System.Text.Json;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>Measures what is not measured yet.</summary>
/// <param name="plan">The comparison.</param>
/// <param name="progress">Is told what happens; null for nobody.</param>
/// <param name="stop">Ends it.</param>
internal sealed class TestStage(ComparePlan plan, IProgress<RunEvent>? progress, CancellationToken stop)
{
    private readonly TestBench _bench = new(plan.Config, progress, stop);

    /// <summary>Measures the model without training.</summary>
    /// <param name="file">Where the measurement is kept.</param>
    public TestRecord Base(string file) => Find(
        file, Key(plan.Sources[ComparedFiles.Model]), "the base model", key => _bench.MeasureBase(key, plan.HasHead));

    /// <summary>Measures a run.</summary>
    /// <param name="seed">Its seed.</param>
    /// <param name="run">The run, which is done.</param>
    public FinishedRun Finish(long seed, PlannedRun run) => new(
        seed, run, RunRecord.Find(run)!, RunTrace.Read(run.Folder.MetricsFile),
        Find(TestRecord.FileOf(run), Key(run.Key), run.Title, key => _bench.Measure(run, key)));

    private TestRecord Find(string file, string key, string what, Func<string, TestRecord> measure)
    {
        stop.ThrowIfCancellationRequested();
        if (TestRecord.Find(file, key) is { } found)
        {
            return found;
        }

        progress?.Report(new StageStarted($"Testing {what}"));
        var record = measure(key);
        record.Write(file);
        return record;
    }

    /// <summary>What a measurement depends on beside what is measured.</summary>
    private string Key(string of)
    {
        var settings = plan.Config.Settings;
        var terms = JsonSerializer.Serialize(
            new { settings.TestSplit, settings.TestCount, settings.MaxNewTokens, settings.Score, settings.Weights, settings.GeneralCount }, ConfigFile.Options);
        return ComparedFiles.DigestOf(
            $"{of} {plan.Sources[ComparedFiles.Test]} {plan.Sources.GetValueOrDefault(ComparedFiles.General)} {terms}");
    }
}
