using System.Diagnostics;
using System.Text.Json;
using ResLora.Experiments.Comparing.Farming;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Sharing;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>Measures the base model and all runs on the test data, as many at once as were trained at once.</summary>
/// <param name="plan">The comparison.</param>
/// <param name="farm">The ranks that measure; null for none.</param>
/// <param name="progress">Is told what happens; null for nobody.</param>
/// <param name="stop">Ends it.</param>
internal sealed class TestStage(ComparePlan plan, RunFarm? farm, IProgress<RunEvent>? progress, CancellationToken stop)
{
    private readonly string _baseFile = new CompareFolder(plan.Config.Output).BaseFile;

    private string BaseKey => Key(plan.Sources[ComparedFiles.Model]);

    /// <summary>What was measured of the model without training.</summary>
    public TestRecord Base => Measured(_baseFile, BaseKey);

    /// <summary>Measures what is not measured yet.</summary>
    /// <param name="runs">The runs, which are done.</param>
    public void Measure(IEnumerable<PlannedRun> runs)
    {
        TestTask Task(PlannedRun? run, string key, string title) =>
            new(plan.Config with { Arms = [] }, run, plan.HasHead, key) { Title = title };
        Test[] tests =
        [
            new(_baseFile, Task(null, BaseKey, "the base model")),
            .. runs.Select(run => new Test(TestRecord.FileOf(run), Task(run, Key(run.Key), run.Title))),
        ];
        Bench[] benches = farm is null
            ? [.. Enumerable.Repeat(new Bench("", MeasureHere), plan.Jobs)]
            : [.. farm.Places.Select(rank => new Bench($" on {rank.Name}", (task, end) => farm.Do<TestRecord>(rank, task, progress, end)))];
        var stage = new CompareStage("Test", "to test", tests.Length, benches.Length, progress);
        SideBySide.Do(tests, benches, (test, bench, end) => Measure(test, bench, stage, end), stop);
    }

    /// <summary>What is known of a run that is measured.</summary>
    /// <param name="seed">Its seed.</param>
    /// <param name="run">The run.</param>
    public FinishedRun Finish(long seed, PlannedRun run) => new(
        seed, run, RunRecord.Find(run)!, RunTrace.Read(run.Folder.MetricsFile), Measured(TestRecord.FileOf(run), Key(run.Key)));

    private static TestRecord Measured(string file, string key) =>
        TestRecord.Find(file, key) ?? throw new FileFormatException($"{file}: it is not there any more, or was changed, since it was written.");

    private static void Measure(Test test, Bench bench, CompareStage stage, CancellationToken end)
    {
        if (TestRecord.Find(test.File, test.Task.Key) is not null)
        {
            stage.Skip();
            return;
        }

        stage.Begin($"{test.Task.Title}{bench.Place}");
        var clock = Stopwatch.StartNew();
        bench.Measure(test.Task, end).Write(test.File);
        stage.End(clock.Elapsed);
    }

    private TestRecord MeasureHere(TestTask task, CancellationToken end)
    {
        // Tests side by side share the processors out, as the runs did.
        using var threads = new ThreadScope(usual => Math.Max(1, usual / plan.Jobs));
        // Samples of several measurements would be counted through each other.
        return task.Measure(plan.Jobs == 1 ? progress : null, end);
    }

    /// <summary>What a measurement depends on beside what is measured.</summary>
    private string Key(string of)
    {
        var settings = plan.Config.Settings;
        var terms = JsonSerializer.Serialize(
            new { settings.TestSplit, settings.TestCount, settings.MaxNewTokens, settings.Score, settings.Weights, settings.GeneralCount }, ConfigFile.Options);
        return ContentDigest.OfText(
            $"{of} {plan.Sources[ComparedFiles.Test]} {plan.Sources.GetValueOrDefault(ComparedFiles.General)} {terms}");
    }

    private sealed record Test(string File, TestTask Task);

    private sealed record Bench(string Place, Func<TestTask, CancellationToken, TestRecord> Measure);
}
