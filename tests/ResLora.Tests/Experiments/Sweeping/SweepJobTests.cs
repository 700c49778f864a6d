using System.Text.Json;
using ResLora.Experiments.Running;
using ResLora.Experiments.Sweeping;
using ResLora.Experiments.Sweeping.Reports;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Sweeping;

public sealed class SweepJobTests(SweepWorld world) : IClassFixture<SweepWorld>
{
    private static readonly HalvingSettings _halved = new() { Keep = 0.5, Rungs = 1 };

    [Fact]
    public void Run_AGrid_TrainsEveryPointWithEverySeedAndWritesTheReports()
    {
        var config = world.Config("grid", null, [1, 2], "adapter.shortcut.previousCount=0,all", "adapter.rank=1,2");

        var report = Run(config);

        Assert.Equal(config.Points.Select(point => point.Name), report.Points.Select(point => point.Name));
        Assert.All(report.Points, point => Assert.Equal((PointOutcome.Finished, 4, 4), (point.Outcome, point.Step, point.Steps)));
        Assert.All(report.Points, point => Assert.Equal(2, point.Value.Values.OfType<double>().Distinct().Count()));
        Assert.Equal(2 * report.Points[0].TrainedParameters, report.Points[1].TrainedParameters);
        Assert.Equal(
            report.Points.OrderBy(point => point.Value.Mean).Select(point => point.Name), report.Ranking);
        Assert.Equal((4 * 2 * 4, 6), (report.TotalSteps, report.ValidationSamples));
        var folder = new SweepFolder(config.Output);
        using var json = JsonDocument.Parse(File.ReadAllText(folder.ReportFile));
        Assert.Equal(report.Ranking[0], json.RootElement.GetProperty("ranking")[0].GetString());
        Assert.Contains($"* best on validation data: {report.Ranking[0]}", File.ReadAllText(folder.MarkdownFile), StringComparison.Ordinal);
        Assert.Contains("</html>", File.ReadAllText(folder.HtmlFile), StringComparison.Ordinal);
        Assert.Equal(
            ["adapter.rank.png", "adapter.shortcut.previousCount.png"],
            Directory.GetFiles(folder.PlotFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_Halved_KeepsTheBetterHalfAndSaysWhereTheRestWasLeft()
    {
        var report = Run(world.Rates("halved", _halved));

        Assert.Equal(
            [PointOutcome.Cut, PointOutcome.Finished, PointOutcome.Cut, PointOutcome.Finished],
            report.Points.Select(point => point.Outcome));
        Assert.Equal([2, 4, 2, 4], report.Points.Select(point => point.Step));
        Assert.Equal(["learningRate=0.02", "learningRate=0.05"], report.Ranking.Order());
        Assert.Equal(2 * ((2 * 2) + (2 * 4)), report.TotalSteps);
        Assert.Contains(report.Findings, finding => finding.StartsWith("2 points were left behind", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_Halved_EndsSurvivorsBitForBitAsWithoutHalving()
    {
        var (halved, whole) = (world.Rates("survivors", _halved), world.Rates("whole"));

        var report = Run(halved);

        var expected = Run(whole);
        foreach (var point in report.Points.Where(point => point.Outcome == PointOutcome.Finished))
        {
            Assert.Equal(expected.Points.Single(one => one.Name == point.Name).Value.Values, point.Value.Values);
            foreach (var seed in report.Seeds)
            {
                Assert.Equal(Weights(whole, point.Name, seed), Weights(halved, point.Name, seed));
            }
        }
    }

    [Fact]
    public void Run_ASecondTime_TrainsNothingAnew()
    {
        var config = world.Rates("twice", _halved);
        var first = Run(config);
        var events = new List<RunEvent>();

        var second = Run(config, new Listener(events.Add));

        Assert.DoesNotContain(events, value => value is StepDone);
        Assert.Equal(JsonSerializer.Serialize(first), JsonSerializer.Serialize(second));
    }

    [Theory]
    [InlineData(3)]   // in the middle of a run
    [InlineData(2)]   // in the evaluation of a rung
    public void Run_Stopped_GoesOnAndEndsAsIfItHadNot(int step)
    {
        var output = $"stopped-{step}";
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(
            () => SweepJob.Run(SweepPlan.Of(world.Rates(output, _halved)), progress: new StopAfter(step, stop), stop: stop.Token));

        var report = Run(world.Rates(output, _halved));

        var whole = Run(world.Rates("never-stopped", _halved));
        Assert.Equal(whole.Ranking, report.Ranking);
        Assert.Equal(whole.Points.SelectMany(point => point.Value.Values), report.Points.SelectMany(point => point.Value.Values));
    }

    [Fact]
    public void Run_MoreValuesAndSeedsWithoutHalving_TrainsOnlyWhatIsNew()
    {
        Run(world.Config("more", null, [1], "adapter.rank=1,2"));
        var events = new List<RunEvent>();

        var report = Run(world.Config("more", null, [1], "adapter.rank=1,2,3"), new Listener(events.Add));

        Assert.Equal(3, report.Points.Count);
        Assert.Equal(4, events.OfType<StepDone>().Count());
    }

    [Fact]
    public void Run_FolderOfAnotherSweep_IsRefusedAndNamesWhatDiffers()
    {
        Run(world.Rates("taken", null, 0.01, 0.02));

        var error = Assert.Throws<ConfigException>(() => Run(world.Rates("taken", _halved, 0.01, 0.02)));

        Assert.Contains(
            "holds another sweep: sweep.halving is {\"keep\":0.5,\"rungs\":1} and was null", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_APointWhoseLossBecomesNone_FailsByItself()
    {
        var report = Run(world.Rates("failed", null, 0.02, 1e30));

        Assert.Equal([PointOutcome.Finished, PointOutcome.Failed], report.Points.Select(point => point.Outcome));
        Assert.Equal(["learningRate=0.02"], report.Ranking);
        Assert.Empty(report.Verdicts);
        Assert.Equal(2, report.Points[1].Failures.Count);
        Assert.Contains(SweepTables.Of(report), table => table.Title == "Failed" && table.Rows[0][0].Text == report.Points[1].Name);
    }

    [Fact]
    public void Plan_NoValidationData_IsRefused()
    {
        var config = world.Rates("blind");
        config = config with { Run = config.Run with { Data = config.Run.Data with { ValidationCount = 0 } } };

        var error = Assert.Throws<ConfigException>(() => SweepPlan.Of(config));

        Assert.Contains("judges its points by validation data, and there is none", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_RungsOfTooFewSteps_AreRefused()
    {
        var config = world.Rates("short", new HalvingSettings { Keep = 0.5, Rungs = 3 }, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08);

        var error = Assert.Throws<ConfigException>(() => SweepPlan.Of(config));

        Assert.Contains("rungs at the steps 0, 1 of 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_Halving_SaysWhatItTakesOfAll()
    {
        var plan = SweepPlan.Of(world.Rates("share", _halved));

        // All of four points to the half, two of them to the end.
        Assert.Equal(((2 * 0.5) + (2 * 1)) / 4, plan.StepShare, 1e-12);
        Assert.Equal(8, plan.Runs);
    }

    private static byte[] Weights(SweepConfig config, string point, long seed)
    {
        var run = new RunFolder(new SweepFolder(config.Output).RunOf(config.Points.Single(one => one.Name == point), seed));
        return File.ReadAllBytes(Assert.Single(Directory.GetFiles(run.Last, "*.safetensors")));
    }

    private static SweepReport Run(SweepConfig config, IProgress<RunEvent>? progress = null) =>
        SweepJob.Run(SweepPlan.Of(config), progress: progress, stop: TestContext.Current.CancellationToken);

    private sealed class Listener(Action<RunEvent> hear) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => hear(value);
    }
}
