using ResLora.Adapters;
using ResLora.Experiments;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Reports;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Statistics.Judging;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing;

public sealed class CompareJobTests(CompareWorld world) : IClassFixture<CompareWorld>
{
    [Fact]
    public void Run_ArmsAndSeeds_ReportsEveryFigureOfEachAndWritesTheReports()
    {
        var settings = world.Settings(1, 2) with { GeneralText = world.Folder["texts.jsonl"], GeneralCount = 3 };
        var config = world.Config("whole", settings, ("lora", CompareWorld.Same), ("middle", CompareWorld.Middle), ("full", Full));

        var report = Run(config);

        Assert.Equal(["lora", "middle", "full"], report.Arms.Select(arm => arm.Name));
        Assert.Equal("exact match", report.Score.Name);
        Assert.Equal(6, report.TestSamples);
        Assert.Equal(["middle", "full"], report.Verdicts.Select(verdict => verdict.Arm));
        Assert.All(report.Verdicts, verdict => Assert.Equal((2, 6), (verdict.Seeds, verdict.Items)));
        // By the loss a lower value is better, whatever the score is.
        Assert.All(report.LossVerdicts.Zip(report.Arms.Skip(1)), pair => Assert.Equal(
            report.Arms[0].Figures["loss"].Mean!.Value - pair.Second.Figures["loss"].Mean!.Value, pair.First.Difference!.Value, 1e-9));
        Assert.All(report.LearningVerdicts.Zip(report.Arms.Skip(1)), pair => Assert.Equal(
            report.Arms[0].Figures["meanTrainLoss"].Mean!.Value - pair.Second.Figures["meanTrainLoss"].Mean!.Value, pair.First.Difference!.Value, 1e-9));
        Assert.Equal(2, report.LearningVerdicts.Count);
        Assert.NotNull(report.Base.GeneralLoss);
        Assert.All(report.Arms, arm => Assert.Equal(2, arm.Figures["forgotten"].Values.OfType<double>().Count()));
        Assert.Equal([false, true, false], report.Arms.Select(arm => arm.Figures.ContainsKey("mergeCost")));
        Assert.All(report.Arms.Take(1), arm => Assert.InRange(arm.Figures["stepsToReference"].Mean!.Value, 1, 3));
        Assert.True(report.Arms[2].TrainedParameters > report.Arms[0].TrainedParameters);
        var folder = new CompareFolder(config.Output);
        var read = ComparisonReport.Read(config.Output);
        Assert.Equal(report.Arms[1].Figures["loss"].Values, read.Arms[1].Figures["loss"].Values);
        Assert.Contains(report.Verdicts[0].Sentence, File.ReadAllText(folder.MarkdownFile), StringComparison.Ordinal);
        Assert.Contains("</html>", File.ReadAllText(folder.HtmlFile), StringComparison.Ordinal);
        Assert.Equal(
            ["loss-read.png", "loss-seconds.png", "loss-steps.png", "scores.png"],
            Directory.GetFiles(folder.PlotFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(ReportCheck.Of(report, read));
    }

    [Fact]
    public void Run_ASecondTime_TrainsAndTestsNothingAnew()
    {
        var config = world.Config("twice", world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Middle));
        var first = Run(config);
        var events = new List<RunEvent>();

        var second = Run(config, new Listener(events.Add));

        Assert.DoesNotContain(events, value => value is StepDone);
        Assert.Equal(["Judging"], events.OfType<StageStarted>().Select(stage => stage.Name));
        Assert.Equal(first.Arms[0].Figures["seconds"].Values, second.Arms[0].Figures["seconds"].Values);
    }

    [Fact]
    public void Run_TwoEqualArms_ShowsNoDifference()
    {
        var report = Run(world.Config("equal", world.Settings(1, 2), ("a", CompareWorld.Same), ("b", CompareWorld.Same)));

        Assert.Equal(Conclusion.NotShown, report.Verdicts[0].Conclusion);
        Assert.Equal(0, report.Verdicts[0].Difference);
        Assert.Equal(report.Arms[0].Figures["loss"].Values, report.Arms[1].Figures["loss"].Values);
    }

    [Fact]
    public void Run_StoppedInTheMiddleOfARun_GoesOnAndEndsAsIfItHadNot()
    {
        CompareConfig Config(string output) =>
            world.Config(output, world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Middle));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(
            () => CompareJob.Run(ComparePlan.Of(Config("stopped")), progress: new StopAfter(2, stop), stop: stop.Token));
        var events = new List<RunEvent>();

        var report = Run(Config("stopped"), new Listener(events.Add));

        Assert.Contains(events.OfType<StageStarted>(), stage => stage.Name.Contains("which goes on", StringComparison.Ordinal));
        var whole = Run(Config("never-stopped"));
        Assert.Equal(
            whole.Arms.SelectMany(arm => arm.Figures["loss"].Values), report.Arms.SelectMany(arm => arm.Figures["loss"].Values));
    }

    [Fact]
    public void Run_LearningRatesToChoose_TakesTheBetterByValidationDataAndSaysWhatWasTried()
    {
        var settings = world.Settings(1) with { Tune = new TuneSettings { LearningRate = [1e-9, 0.05] } };

        var report = Run(world.Config("tuned", settings, ("a", CompareWorld.Same), ("b", CompareWorld.Middle)));

        Assert.All(report.Arms, arm =>
        {
            Assert.Equal([1e-9, 0.05], arm.Tried.Select(one => one.LearningRate));
            Assert.Equal(arm.Tried.MinBy(one => one.Value)!.LearningRate, arm.LearningRate);
        });
    }

    [Fact]
    public void Plan_AnArmOfOtherBatches_IsRefusedBeforeTraining()
    {
        var config = world.Config(
            "uneven",
            world.Settings(1),
            ("a", CompareWorld.Same),
            ("b", run => run with { Training = run.Training with { BatchSize = 3 } }),
            ("c", run => run with { Training = run.Training with { BatchSize = 2, AccumulationSteps = 2 } }));

        var error = Assert.Throws<ConfigException>(() => ComparePlan.Of(config));

        Assert.Contains(
            "arm 'b' makes 3 steps of 3 samples and has 6 validation samples, 'a' makes 3 steps of 4 samples", error.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("arm 'c'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_TestDataThatChooseRates_AreRefused()
    {
        var settings = world.Settings(1) with { Tune = new TuneSettings { LearningRate = [1e-9, 0.05] } };
        var config = Each(
            world.Config("chosen", settings, ("a", CompareWorld.Same), ("b", CompareWorld.Middle)),
            run => run with { Data = run.Data with { Validation = world.Folder["test.jsonl"], ValidationCount = 3 } });

        var error = Assert.Throws<ConfigException>(() => ComparePlan.Of(config));

        Assert.Contains(
            "3 of 6 test samples are also among the 3 validation samples, by which compare.tune would choose", error.Message,
            StringComparison.Ordinal);
        // Where nothing is chosen by them, it is told.
        Assert.Equal(new SeenTests(6, 0, 3), ComparePlan.Of(config with { Settings = world.Settings(1), Arms = Fixed(config) }).Seen);
        var best = world.Settings(1) with { Weights = TestedWeights.Best };
        Assert.Throws<ConfigException>(() => ComparePlan.Of(config with { Settings = best, Arms = Fixed(config) }));
    }

    [Fact]
    public void Run_TestSamplesThatAreTrainedOn_AreCountedFirstOfAll()
    {
        var settings = world.Settings(1) with { Test = world.Folder["train.jsonl"], TestCount = 4 };

        var report = Run(world.Config("learnt", settings, ("a", CompareWorld.Same), ("b", CompareWorld.Middle)));

        Assert.True(report.SeenTests!.Training > 1);
        Assert.StartsWith(
            $"of 4 test samples {report.SeenTests.Training} are trained on, too", report.Sentences[0], StringComparison.Ordinal);
        Assert.Null(new SeenTests(101, 1, 0).Caveat);
        Assert.Contains(
            ReportFacts.Of(report), fact => fact.Key == "test data"
                && fact.Value.EndsWith(report.SeenTests.Fact, StringComparison.Ordinal));
    }

    [Fact]
    public void Run_SeedsAddedAfterAVerdict_AreToldInEveryLaterReport()
    {
        var arms = new (string, Func<RunConfig, RunConfig>)[] { ("a", CompareWorld.Same), ("b", CompareWorld.Middle) };
        Assert.Empty(Run(world.Config("more-seeds", world.Settings(1), arms)).ChangedSince);

        Run(world.Config("more-seeds", world.Settings(1, 2), arms));
        var report = Run(world.Config("more-seeds", world.Settings(1, 2) with { Margin = 0.5 }, arms));

        Assert.Equal(
            ["seed 2 was added after a verdict on 1", "margin is 0.5 now, and was none in an earlier verdict"], report.ChangedSince);
        Assert.Contains(report.ChangedSince[0], report.Sentences);
        Assert.Contains(
            ReportFacts.Of(report), fact => fact.Key == "test data"
                && fact.Value.Contains("since then seed 2 was added", StringComparison.Ordinal));
    }

    [Fact]
    public void Plan_AutomaticType_IsKnownOnceAndForAll()
    {
        var config = world.Config("typed", world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Middle));
        var plan = ComparePlan.Of(config);
        var folder = new CompareFolder(config.Output);
        folder.Enter(plan.Config, plan.Sources).Dispose();

        Assert.Equal("auto", config.Run.Training.DataType);
        Assert.All(plan.Arms, arm => Assert.Equal("float32", arm.Arm.Run.Training.DataType));
        var error = Assert.Throws<ConfigException>(() => folder.Enter(config, plan.Sources));
        Assert.Contains("training.dataType is \"auto\" and was \"float32\".", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AnArmThatReadsOtherBatches_IsNotFair()
    {
        // Longer texts, of which the plan does not know: a file of settings cannot ask for them.
        var longer = world.Folder.Write(
            "longer.jsonl", File.ReadAllText(world.Folder["train.jsonl"]).Replace("What is", "And what is", StringComparison.Ordinal));
        var config = world.Config(
            "unfair", world.Settings(1), ("a", CompareWorld.Same), ("b", run => run with { Data = run.Data with { Train = longer } }));

        var error = Assert.Throws<RunFailedException>(() => Run(config));

        Assert.Contains("with seed 1, arm 'b'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FolderOfAnotherComparison_IsRefusedAndNamesWhatDiffers()
    {
        var arms = new (string, Func<RunConfig, RunConfig>)[] { ("a", CompareWorld.Same), ("b", CompareWorld.Middle) };
        Run(world.Config("taken", world.Settings(1), arms));
        var other = world.Config("taken", world.Settings(1) with { TestCount = 3 }, arms);

        var error = Assert.Throws<ConfigException>(() => Run(other));

        Assert.Contains("holds another comparison: compare.testCount is 3 and was null.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ModelAndDataMovedSinceThen_GoesOn()
    {
        CompareConfig Config(string test) => world.Config(
            "moved", world.Settings(1) with { Test = test }, ("a", CompareWorld.Same), ("b", CompareWorld.Middle));
        var before = Config(world.Folder["test.jsonl"]);
        var report = Run(before);
        Directory.CreateDirectory(world.Folder["elsewhere"]);
        string Moved(string path)
        {
            var to = Path.Combine(world.Folder["elsewhere"], Path.GetFileName(path));
            File.Copy(path, to);
            return to;
        }

        var there = Moved(before.Run.Data.Train);
        var after = Config(Moved(before.Settings.Test));
        after = Each(after, run => run with { Data = run.Data with { Train = there } });
        var events = new List<RunEvent>();

        var again = Run(after, new Listener(events.Add));

        Assert.DoesNotContain(events, value => value is StepDone);
        Assert.Equal(report.Config, again.Config);
        Assert.DoesNotContain(world.Folder.Path, again.Config, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TestedAfterAMove_MeasuresAndCalibratesAsBefore()
    {
        CompareConfig At(string place) => Each(
            world.Config("moved-before", world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Middle)),
            run => run with
            {
                Model = world.Folder[place],
                Data = run.Data with { Train = Path.Combine(world.Folder[place], "train.jsonl") },
            });

        Directory.CreateDirectory(world.Folder["first"]);
        foreach (var file in Directory.GetFiles(world.Folder["base"]).Append(world.Folder["train.jsonl"]))
        {
            File.Copy(file, Path.Combine(world.Folder["first"], Path.GetFileName(file)));
        }

        var before = Run(At("first"));
        Directory.Move(world.Folder["first"], world.Folder["second"]);
        foreach (var file in Directory.GetFiles(At("second").Output, "test.json", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        var after = Run(At("second"));

        Assert.Equal("least-squares", after.Arms[1].MergeMethod);
        Assert.Equal(before.Arms[1].Figures["mergedLoss"].Values, after.Arms[1].Figures["mergedLoss"].Values);
        Assert.Equal(before.Arms[0].Figures["loss"].Values, after.Arms[0].Figures["loss"].Values);
    }

    [Fact]
    public void Run_AnArmWithOtherSettingsUnderItsName_IsRefused()
    {
        Run(world.Config("renamed", world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Middle)));

        var error = Assert.Throws<ConfigException>(
            () => Run(world.Config("renamed", world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Same))));

        Assert.Contains("arm 'b' with other settings", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FolderWithSomethingElse_IsNotTouched()
    {
        Directory.CreateDirectory(world.Folder["thesis"]);
        File.WriteAllText(Path.Combine(world.Folder["thesis"], "notes.txt"), "years of work");

        var error = Assert.Throws<ConfigException>(
            () => Run(world.Config("thesis", world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Middle))));

        Assert.Contains("'notes.txt'", error.Message, StringComparison.Ordinal);
        Assert.Equal(["notes.txt"], Directory.EnumerateFileSystemEntries(world.Folder["thesis"]).Select(Path.GetFileName));
    }

    [Fact]
    public void Plan_ArmsThatCannotBeTrained_AreNamedTogetherWithWhatToWrite()
    {
        var config = world.Config(
            "planned", world.Settings(1), ("a", CompareWorld.Same),
            ("b", run => run with { Adapter = run.Adapter! with { Targets = TargetModules.Suffixes("nowhere") } }),
            ("c", run => run with { Adapter = run.Adapter! with { Targets = TargetModules.Suffixes("elsewhere") } }));

        var error = Assert.Throws<ConfigException>(() => ComparePlan.Of(config));

        Assert.Contains("arm 'b' cannot be trained", error.Message, StringComparison.Ordinal);
        Assert.Contains("compare.exclude: [c]", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(config.Output));
    }

    [Fact]
    public void Run_KilledBeforeItsFirstLine_GoesOn()
    {
        var config = world.Config("killed", world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Middle));
        var plan = ComparePlan.Of(config);
        new CompareFolder(config.Output).Enter(plan.Config, plan.Sources).Dispose();
        // What is there between the settings and the first step.
        var run = new RunFolder(new CompareFolder(config.Output).RunOf("a", 1));
        Directory.CreateDirectory(run.Path);
        File.WriteAllText(Path.Combine(run.Path, "run.lock"), "");
        run.Save(plan.Arms[0].Arm.Run);

        Assert.Equal(2, Run(config).Arms.Count);
    }

    private static CompareConfig Each(CompareConfig config, Func<RunConfig, RunConfig> change) =>
        config with { Run = change(config.Run), Arms = [.. config.Arms.Select(arm => arm with { Run = change(arm.Run) })] };

    private static IReadOnlyList<Arm> Fixed(CompareConfig config) => [.. config.Arms.Select(arm => arm with { LearningRates = [] })];

    private static RunConfig Full(RunConfig run) => run with { Adapter = null };

    private static ComparisonReport Run(CompareConfig config, IProgress<RunEvent>? progress = null) =>
        CompareJob.Run(ComparePlan.Of(config), progress: progress, stop: TestContext.Current.CancellationToken);

    private sealed class Listener(Action<RunEvent> hear) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => hear(value);
    }
}
