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
