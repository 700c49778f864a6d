using ResLora.Adapters;
using ResLora.Experiments.Analyzing;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Analyzing;

public sealed class AnalyzeConfigTests : IDisposable
{
    private const string Run = """
        model: base
        task: word-problems
        data: {train: train.jsonl}
        adapter: {rank: 4, alpha: 8, shortcut: {previousCount: 2}}
        training: {steps: 10, learningRate: 1e-3}

        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_AFileOfARun_HasLoraAndTheThreeShortcuts()
    {
        var config = Read("output: out");

        Assert.Equal(["lora", "input", "block", "middle"], config.Arms.Select(arm => arm.Name));
        Assert.Equal(
            [ShortcutKind.None, ShortcutKind.Input, ShortcutKind.Block, ShortcutKind.Middle],
            config.Arms.Select(arm => arm.Run.Adapter!.Shortcut.Kind));
        Assert.Equal([1, 1, 2, 2], config.Arms.Select(arm => arm.Run.Adapter!.Shortcut.PreviousCount));
        Assert.All(config.Arms, arm => Assert.Equal((4, null), (arm.Run.Adapter!.Rank, arm.Run.Output)));
        Assert.Equal((10, 8), (config.Settings.Steps, config.Settings.Samples));
        Assert.Equal(Path.Combine(_folder.Path, "out-analysis"), config.Output);
    }

    [Fact]
    public void Read_ASectionAndAssignments_AreBothTaken()
    {
        var config = Read("analyze: {arms: [middle, lora-2alpha], samples: 3}", "analyze.steps=4", "training.seed=7");

        Assert.Equal(["middle", "lora-2alpha"], config.Arms.Select(arm => arm.Name));
        Assert.Equal(16, config.Arms[1].Run.Adapter!.Alpha);
        Assert.Equal((4, 3), (config.Settings.Steps, config.Settings.Samples));
        Assert.All(config.Arms, arm => Assert.Equal(7, arm.Run.Training.Seed));
        Assert.Equal(Path.Combine(_folder.Path, "runs", "run-analysis"), config.Output);
    }

    [Theory]
    [InlineData("analyze: x", "'analyze' has no keys; leave it out")]
    [InlineData("analyze: {arm: [lora]}", "'analyze.arm': there is no such key. Did you mean 'arms'?")]
    [InlineData("analyze: {arms: []}", "analyze.arms is empty")]
    [InlineData("analyze: {arms: [lora, lora]}", "analyze.arms has 'lora' more than once")]
    [InlineData("analyze: {arms: [inputs]}", "analyze.arms has 'inputs', which is no arm. Did you mean 'input'?")]
    [InlineData("analyze: {arms: [lora, loha]}", "analyze.arms has 'loha', whose update is no plain s · B A")]
    [InlineData("analyze: {arms: [full]}", "Arms: lora, lora-2alpha, lora-rank12, input, block, middle")]
    [InlineData("analyze: {steps: 1}", "analyze.steps is 1; it must be from 2 to 1000")]
    [InlineData("analyze: {samples: 0}", "analyze.samples is 0; it must be 1 or more")]
    public void Read_WhatCannotBeAnalysed_IsRefusedByName(string section, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Read(section));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("adapter.method=dora", "analyze.arms are those of the paper, made from a LoRA's rank and alpha")]
    [InlineData("training.patience=2", "arm 'lora': training.patience may end a run before the others")]
    [InlineData("task=text-to-image", "draws its noise anew for every loss")]
    public void Read_ARunThatCannotBeAnalysed_IsRefusedByName(string assignment, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Read("", assignment));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ProblemsOfRunAndSection_AreListedTogether()
    {
        var error = Assert.Throws<ConfigException>(() => Read("analyze: {steps: 0, samples: 0, step: 3}", "training.batchSize=0"));

        Assert.All(
            ["analyze.steps is 0", "analyze.samples is 0", "'analyze.step': there is no such key", "training.batchSize is 0"],
            problem => Assert.Contains(problem, error.Message, StringComparison.Ordinal));
    }

    private AnalyzeConfig Read(string section, params string[] assignments) =>
        AnalyzeConfig.Read(_folder.Write("run.yaml", Run + section + "\n"), assignments);
}
