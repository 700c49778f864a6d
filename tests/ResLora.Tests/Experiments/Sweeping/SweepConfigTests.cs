using ResLora.Adapters;
using ResLora.Experiments.Sweeping;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Sweeping;

public sealed class SweepConfigTests : IDisposable
{
    private const string Run = """
        model: base
        task: word-problems
        data: {train: train.jsonl}
        adapter: {rank: 4, alpha: 8, shortcut: {kind: block}}
        training: {steps: 10, learningRate: 1e-3}

        """;

    private const string Grid = "sweep: {over: {adapter.shortcut.previousCount: [0, 1, all], adapter.rank: [4, 8]}}";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_Grid_HasEveryCombinationOnce()
    {
        var config = Read(Grid);

        Assert.Equal(
            [
                "previousCount=0, rank=4", "previousCount=0, rank=8", "previousCount=1, rank=4", "previousCount=1, rank=8",
                "previousCount=all, rank=4", "previousCount=all, rank=8",
            ],
            config.Points.Select(point => point.Name));
        Assert.Equal(
            [(0, 4), (0, 8), (1, 4), (1, 8), (ShortcutConfig.AllPrevious, 4), (ShortcutConfig.AllPrevious, 8)],
            config.Points.Select(point => (point.Run.Adapter!.Shortcut.PreviousCount, point.Run.Adapter.Rank)));
        Assert.All(config.Points, point => Assert.Equal(8, point.Run.Adapter!.Alpha));
        Assert.Equal("previousCount=all,rank=8", config.Points[^1].Folder);
        Assert.Equal(Path.Combine(_folder.Path, "runs", "sweep"), config.Output);
        Assert.Equal([1, 2, 3], config.Settings.Seeds);
    }

    [Fact]
    public void Read_SectionsAsValues_KeepWhatTheyDoNotName()
    {
        var config = Read("sweep: {over: {adapter: [{}, {rank: 8, shortcut: {previousCount: 2}}]}}");

        Assert.Equal(
            [(4, 8, ShortcutKind.Block, 1), (8, 8, ShortcutKind.Block, 2)],
            config.Points.Select(point => point.Run.Adapter!).Select(
                adapter => (adapter.Rank, (int)adapter.Alpha, adapter.Shortcut.Kind, adapter.Shortcut.PreviousCount)));
    }

    [Fact]
    public void Read_RandomPoints_AreDifferentAndTheSameEveryTime()
    {
        const string section = "sweep: {over: {adapter.rank: [1, 2, 3, 4], adapter.alpha: [1, 2, 3, 4]}, points: random, budget: 9}";

        string[] names = [.. Read(section).Points.Select(point => point.Name)];

        Assert.Equal(9, names.Distinct().Count());
        Assert.Equal(names, Read(section).Points.Select(point => point.Name));
        Assert.Equal(names.Take(4), Read(section, "sweep.budget=4").Points.Select(point => point.Name));
        Assert.NotEqual(names, Read(section, "sweep.drawSeed=1").Points.Select(point => point.Name));
    }

    [Fact]
    public void Read_TheLine_AddsToTheFileAndTakesThePlaceOfItsValues()
    {
        var line = new SweepLine(["adapter.rank=2,16", "adapter.targets=[q_proj],all-linear"], null, Halving: true);

        var config = Read(Grid, line);

        Assert.Equal(["adapter.shortcut.previousCount", "adapter.rank", "adapter.targets"], config.Settings.Over.Keys);
        Assert.Equal("previousCount=0, rank=2, targets=[\"q_proj\"]", config.Points[0].Name);
        Assert.Equal(["previousCount=all, rank=16, targets=all-linear"], config.Points.TakeLast(1).Select(point => point.Name));
        Assert.Equal(TargetModules.Suffixes("q_proj"), config.Points[0].Run.Adapter!.Targets);
        Assert.Equal(new HalvingSettings { Keep = 0.5, Rungs = 2 }, config.Settings.Halving);
    }

    [Fact]
    public void Read_PathsOnTheLine_AreOnesFromWhereItIsWritten()
    {
        var lines = Run.Split('\n').Where(line => !line.StartsWith("adapter", StringComparison.Ordinal));
        var file = _folder.Write("sweep.yaml", string.Join('\n', lines));

        var config = SweepConfig.Read(file, [], new SweepLine(["startFrom=one,two"], null, Halving: false));

        Assert.Equal(
            [Path.GetFullPath("one"), Path.GetFullPath("two")], config.Points.Select(point => point.Run.StartFrom));
    }

    [Fact]
    public void Read_TheLineWithoutASection_IsASweep()
    {
        var config = Read("", new SweepLine(["adapter.rank=2,4,8"], 2, Halving: false));

        Assert.Equal((2, PointSource.Random), (config.Points.Count, config.Settings.Points));
        Assert.Null(config.Settings.Halving);
    }

    [Theory]
    [InlineData("output: x", "'sweep' is missing; it says what is varied")]
    [InlineData("sweep: {over: {}}", "sweep.over is empty; name keys and their values")]
    [InlineData("sweep: {over: {adapter.rank: 4}}", "sweep.over.adapter.rank is 4; it needs a list of values")]
    [InlineData("sweep: {over: {adapter.rank: [4]}}", "sweep.over.adapter.rank has one value, which leaves nothing to vary")]
    [InlineData("sweep: {over: {adapter.rank: [4, 4]}}", "sweep.over.adapter.rank has 4 more than once")]
    [InlineData("sweep: {over: {training.seed: [1, 2]}}", "sweep.over has 'training.seed', which all points must have in common")]
    [InlineData(
        "sweep: {over: {adapter.shortcut: [{}, {kind: block}], adapter.shortcut.kind: [none, block]}}",
        "over has 'adapter.shortcut' and 'adapter.shortcut.kind', which lies within it")]
    [InlineData("sweep: {over: {adapter.rang: [4, 8]}}", "'adapter.rang': there is no such key. Did you mean 'rank'?")]
    [InlineData("sweep: {over: {adapter.rank: [0, 8]}}", "adapter.rank is 0; it must be from 1 to 65536 (point 'rank=0')")]
    [InlineData(
        "sweep: {over: {adapter.shortcut.previousCount: [1, al]}}",
        "'adapter.shortcut.previousCount' is \"al\"; it needs a whole number or all")]
    [InlineData("sweep: {over: {adapter.rank: [1, 2]}, budget: 2}", "sweep.budget is for points: random")]
    [InlineData("sweep: {over: {adapter.rank: [1, 2]}, points: random}", "sweep.budget is missing, and points are random")]
    [InlineData("sweep: {over: {adapter.rank: [1, 2]}, points: random, budget: 3}", "sweep.budget is 3, and over makes 2 points only")]
    [InlineData("sweep: {over: {adapter.rank: [1, 2]}, halving: {keep: 1}}", "sweep.halving.keep is 1; it must be above 0 and below 1")]
    [InlineData("sweep: {over: {adapter.rank: [1, 2]}, seeds: [1, 1]}", "sweep.seeds has 2 values; give 1 to 1000, each once")]
    [InlineData("sweep: {over: {adapter.rank: [1, 2], training.pauseAt: [1, 2]}}", "over has 'training.pauseAt'")]
    [InlineData(
        "sweep: {over: {training: [{epochs: 1}, {epochs: 2}]}}", "over has 'training.epochs', which all points must have in common")]
    [InlineData("sweep: {over: {training.maxLength: [32, 64]}}", "over has 'training.maxLength', which all points must have in common")]
    public void Read_WhatCannotBeSwept_IsRefusedByName(string section, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Read(section));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("training.patience=2", "training.patience may end a run before the others")]
    [InlineData("training.pauseAt=2", "training.pauseAt ends a run before its last step")]
    public void Read_ARunThatEndsEarly_IsRefused(string assignment, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Read(Grid, assignment));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ManyProblems_AreListedTogetherAndEachOnce()
    {
        var error = Assert.Throws<ConfigException>(
            () => Read("sweep: {over: {adapter.rank: [0, 8], adapter.dropout: [0, 2], adapter.rang: [1, 2]}, seeds: []}"));

        Assert.Contains("has 4 problems", error.Message, StringComparison.Ordinal);
        Assert.Contains("adapter.rank is 0;", error.Message, StringComparison.Ordinal);
        Assert.Contains("(point 'rank=0, dropout=0, rang=1' and 3 more)", error.Message, StringComparison.Ordinal);
        Assert.Contains("sweep.seeds has 0 values", error.Message, StringComparison.Ordinal);
        Assert.Contains("adapter.dropout is 2", error.Message, StringComparison.Ordinal);
        Assert.Contains("'adapter.rang': there is no such key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ProblemsOfRunAndSweep_AreListedTogether()
    {
        var error = Assert.Throws<ConfigException>(() => Read("sweep: {over: {adapter.rank: [1]}}", "adapter.alpha=x"));

        Assert.Contains("sweep.over.adapter.rank has one value", error.Message, StringComparison.Ordinal);
        Assert.Contains("'adapter.alpha' is \"x\"", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("adapter.rank")]
    [InlineData("adapter.rank=")]
    [InlineData("=4,8")]
    public void Read_ALineWithoutValues_IsRefused(string over)
    {
        var error = Assert.Throws<ConfigException>(() => Read(Grid, new SweepLine([over], null, Halving: false)));

        Assert.Contains($"--over '{over}' names no values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TheSampleOfPreviousBlocks_IsASweepOfFivePoints()
    {
        var config = SweepConfig.Read(Path.Combine(SharedFolder.RepositoryRoot, "samples", "word-problems", "previous-blocks.yaml"), []);

        Assert.Equal([0, 1, 2, 4, ShortcutConfig.AllPrevious], config.Points.Select(point => point.Run.Adapter!.Shortcut.PreviousCount));
        Assert.All(config.Points, point => Assert.Equal(ShortcutKind.Block, point.Run.Adapter!.Shortcut.Kind));
    }

    private SweepConfig Read(string section, params string[] assignments) =>
        SweepConfig.Read(_folder.Write("sweep.yaml", Run + section + "\n"), assignments);

    private SweepConfig Read(string section, SweepLine line) =>
        SweepConfig.Read(_folder.Write("sweep.yaml", Run + section + "\n"), [], line);
}
