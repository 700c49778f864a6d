using System.Diagnostics;
using System.Text.Json;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Experiments.Configuration;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>Measures the base model and all runs on the test data, as many at once as were trained at once.</summary>
/// <param name="plan">The comparison.</param>
/// <param name="progress">Is told what happens; null for nobody.</param>
/// <param name="stop">Ends it.</param>
internal sealed class TestStage(ComparePlan plan, IProgress<RunEvent>? progress, CancellationToken stop)
{
    private readonly string _baseFile = new CompareFolder(plan.Config.Output).BaseFile;
    // Samples of several measurements would be counted through each other.
    private readonly TestBench _bench = new(plan.Config, plan.Jobs == 1 ? progress : null);

    private string BaseKey => Key(plan.Sources[ComparedFiles.Model]);

    /// <summary>What was measured of the model without training.</summary>
    public TestRecord Base => Measured(_baseFile, BaseKey);

    /// <summary>Measures what is not measured yet.</summary>
    /// <param name="runs">The runs, which are done.</param>
    public void Measure(IEnumerable<PlannedRun> runs)
    {
        Test[] tests =
        [
            new(_baseFile, BaseKey, "the base model", (key, end) => _bench.MeasureBase(key, plan.HasHead, end)),
            .. runs.Select(run => new Test(TestRecord.FileOf(run), Key(run.Key), run.Title, (key, end) => _bench.Measure(run, key, end))),
        ];
        var stage = new CompareStage("Test", "to test", tests.Length, plan.Jobs, progress);
        SideBySide.Do(tests, plan.Jobs, (test, end) => Measure(test, stage, end), stop);
    }

    /// <summary>What is known of a run that is measured.</summary>
    /// <param name="seed">Its seed.</param>
    /// <param name="run">The run.</param>
    public FinishedRun Finish(long seed, PlannedRun run) => new(
        seed, run, RunRecord.Find(run)!, RunTrace.Read(run.Folder.MetricsFile), Measured(TestRecord.FileOf(run), Key(run.Key)));

    private static TestRecord Measured(string file, string key) =>
        TestRecord.Find(file, key) ?? throw new FileFormatException($"{file}: it is not there any more, or was changed, since it was written.");

    private void Measure(Test test, CompareStage stage, CancellationToken end)
    {
        if (TestRecord.Find(test.File, test.Key) is not null)
        {
            stage.Skip();
            return;
        }

        stage.Begin(test.Title);
        var clock = Stopwatch.StartNew();
        // Tests side by side share the processors out, as the runs did.
        using var threads = new ThreadScope(usual => Math.Max(1, usual / plan.Jobs));
        test.Measure(test.Key, end).Write(test.File);
        stage.End(clock.Elapsed);
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

    private sealed record Test(string File, string Key, string Title, Func<string, CancellationToken, TestRecord> Measure);
}
