using ResLora.Adapters;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Runs;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing.Runs;

public sealed class ReportJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Run_TwoRuns_ShowsWhatEachIsAndSaysThatThereIsNoVerdict()
    {
        var (first, second) = (Train("lora", ShortcutKind.None, 1), Train("middle", ShortcutKind.Middle, 1));
        var plot = world.Folder["losses.png"];

        var report = ReportJob.Run([first, second], plot);

        Assert.Equal(["lora, rank 2, alpha 16", "lora, rank 2, alpha 16, middle shortcut"], report.Runs.Select(run => run.Adapter));
        Assert.All(report.Runs, run => Assert.Equal((3, 1L, "tokens"), (run.Steps, run.Seed, run.Unit)));
        Assert.All(report.Runs, run => Assert.True(run.Metrics["eval_loss"] > 0 && run.FileBytes > 0 && run.Seconds > 0));
        Assert.StartsWith("No verdict is given", Assert.Single(report.Notes), StringComparison.Ordinal);
        Assert.True(File.Exists(plot));
    }

    [Fact]
    public void Run_OtherSeeds_SaysThatTheyReadOtherBatches()
    {
        var report = ReportJob.Run([Train("seed-1", ShortcutKind.None, 1), Train("seed-2", ShortcutKind.None, 2)]);

        Assert.Contains(report.Notes, note => note.StartsWith("The runs did not read the same", StringComparison.Ordinal));
        Assert.Contains(report.Notes, note => note.StartsWith("The runs have different seeds", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_OtherValidationSamples_SaysSo()
    {
        var config = world.Run("other-samples");
        TrainJob.Run(
            config with { Data = config.Data with { SplitSeed = 9 } }, stop: TestContext.Current.CancellationToken);

        var report = ReportJob.Run([Train("these-samples", ShortcutKind.None, 1), config.Output!]);

        Assert.Contains(report.Notes, note => note.StartsWith("The runs were not validated on the same", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_ARunThatWasPaused_IsNotOverUntilItHasGoneOn()
    {
        var config = world.Run("paused");
        TrainJob.Run(
            config with { Training = config.Training with { PauseAt = 2 } }, stop: TestContext.Current.CancellationToken);
        Assert.Contains(
            "is not over", Assert.Throws<ConfigException>(() => ReportJob.Run([config.Output!])).Message, StringComparison.Ordinal);

        TrainJob.Run(config, resume: true, stop: TestContext.Current.CancellationToken);

        Assert.Equal(3, Assert.Single(ReportJob.Run([config.Output!]).Runs).Steps);
    }

    [Fact]
    public void Run_AllPreviousBlocks_AreNamed()
    {
        var config = world.Run("all-previous");
        config = config with
        {
            Adapter = config.Adapter! with
            {
                Shortcut = new ShortcutConfig { Kind = ShortcutKind.Block, PreviousCount = ShortcutConfig.AllPrevious },
            },
        };
        TrainJob.Run(config, stop: TestContext.Current.CancellationToken);

        Assert.EndsWith("block shortcut of all", Assert.Single(ReportJob.Run([config.Output!]).Runs).Adapter, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AComparison_StandsForItsFinishedRuns()
    {
        var folder = new CompareFolder(world.Folder["comparison"]);
        Train(Path.Combine("comparison", "runs", "b", "seed-1"), ShortcutKind.None, 1);
        Train(Path.Combine("comparison", "runs", "a", "seed-1"), ShortcutKind.None, 1);
        Directory.CreateDirectory(folder.RunOf("a", 2));
        File.WriteAllText(folder.IdentityFile, "{}");

        var report = ReportJob.Run([folder.Path]);

        Assert.Equal([folder.RunOf("a", 1), folder.RunOf("b", 1)], report.Runs.Select(run => run.Run));
    }

    [Fact]
    public void Run_WhatIsNoFinishedRun_IsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        var begun = world.Run("begun");
        new RunFolder(begun.Output!).Save(begun);

        Assert.Contains(
            "holds no run", Assert.Throws<ConfigException>(() => ReportJob.Run([folder.Path])).Message, StringComparison.Ordinal);
        Assert.Contains(
            "is not over", Assert.Throws<ConfigException>(() => ReportJob.Run([begun.Output!])).Message, StringComparison.Ordinal);
    }

    private string Train(string output, ShortcutKind kind, long seed)
    {
        var config = world.Run(output, kind);
        return TrainJob.Run(
            config with { Training = config.Training with { Seed = seed } }, stop: TestContext.Current.CancellationToken).RunFolder;
    }
}
