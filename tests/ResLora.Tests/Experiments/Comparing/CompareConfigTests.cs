using ResLora.Adapters;
using ResLora.Experiments.Comparing;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing;

public sealed class CompareConfigTests : IDisposable
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
    public void Read_ThePapersArms_AreMadeFromRankAlphaAndShortcut()
    {
        var config = Read("compare: {arms: paper, test: test.jsonl, tune: {learningRate: [1e-3, 2e-3]}}");

        var arms = config.Arms.ToDictionary(arm => arm.Name);
        Assert.Equal(
            ["lora", "lora-2alpha", "lora-rank12", "input", "block", "middle", "adalora", "loha", "lokr", "dora", "full"],
            config.Arms.Select(arm => arm.Name));
        Assert.Equal("lora", config.Reference);
        Assert.Equal((4, 16), (arms["lora-2alpha"].Run.Adapter!.Rank, arms["lora-2alpha"].Run.Adapter!.Alpha));
        Assert.Equal((12, 24), (arms["lora-rank12"].Run.Adapter!.Rank, arms["lora-rank12"].Run.Adapter!.Alpha));
        Assert.Equal(new ShortcutConfig { Kind = ShortcutKind.Input }, arms["input"].Run.Adapter!.Shortcut);
        Assert.Equal(new ShortcutConfig { Kind = ShortcutKind.Middle, PreviousCount = 2 }, arms["middle"].Run.Adapter!.Shortcut);
        Assert.Equal("loha", arms["loha"].Run.Adapter!.Method);
        Assert.Null(arms["full"].Run.Adapter);
        Assert.Equal([1e-4, 2e-4], arms["full"].LearningRates);
        Assert.All(config.Arms.Where(arm => arm.Name != "full"), arm => Assert.Equal([1e-3, 2e-3], arm.LearningRates));
    }

    [Fact]
    public void Read_OwnArms_SetKeysOfTheRunAndKeepTheRest()
    {
        var config = Read(
            """
            compare:
              arms:
                - name: plain
                - {name: small, set: {adapter.rank: 2, "adapter.shortcut": {kind: block}}}
              test: test.jsonl
              seeds: [5, 6]
            """);

        Assert.Equal("plain", config.Reference);
        Assert.Equal(Path.Combine(_folder.Path, "runs", "compare"), config.Output);
        Assert.Equal(Path.Combine(_folder.Path, "test.jsonl"), config.Settings.Test);
        Assert.Equal(
            (2, 8, ShortcutKind.Block),
            (config.Arms[1].Run.Adapter!.Rank, config.Arms[1].Run.Adapter!.Alpha, config.Arms[1].Run.Adapter!.Shortcut.Kind));
        // A section within an arm sets what it names, too.
        Assert.Equal(2, config.Arms[1].Run.Adapter!.Shortcut.PreviousCount);
        Assert.Equal(["adapter.rank=2", "adapter.shortcut={\"kind\":\"block\"}"], config.Arms[1].Assignments);
    }

    [Fact]
    public void Read_Assignments_ReachRunAndComparison()
    {
        var config = Read(
            "compare: {arms: paper, test: test.jsonl}", "adapter.rank=2", "compare.seeds=[7]", "compare.exclude=[full, lokr]");

        Assert.Equal([7], config.Settings.Seeds);
        Assert.Equal(2, config.Arms[0].Run.Adapter!.Rank);
        Assert.DoesNotContain(config.Arms, arm => arm.Name is "full" or "lokr");
    }

    [Theory]
    [InlineData("output: x", "'compare' is missing")]
    [InlineData("compare: {arms: papers, test: t}", "'compare.arms' is \"papers\"; it needs paper or a list of arms")]
    [InlineData("compare: {arms: paper, test: t, seedz: [1]}", "'compare.seedz': there is no such key. Did you mean 'seeds'?")]
    [InlineData("compare: {arms: paper, test: t, seeds: [1, 1]}", "compare.seeds has 2 values; give 1 to 1000, each once")]
    [InlineData("compare: {arms: paper, test: t, margin: -1}", "compare.margin is -1; it must be above 0")]
    [InlineData(
        "compare: {arms: paper, test: t, reference: block2}",
        "compare.reference is 'block2', which is no arm. Did you mean 'block'?")]
    [InlineData("compare: {arms: paper, test: t, exclude: [lorra]}", "compare.exclude has 'lorra', which is no arm. Did you mean 'lora'?")]
    [InlineData("compare: {arms: [{name: a}], test: t}", "compare is left with 1 arm; there must be two or more")]
    [InlineData("compare: {arms: [{name: a}, {name: A}], test: t}", "compare.arms has 'a' more than once")]
    [InlineData("compare: {arms: [{name: a/b}, {name: c}], test: t}", "'a/b' is no name for an arm")]
    [InlineData(
        "compare: {arms: [{name: a}, {name: b, set: {training.seed: 3}}], test: t}",
        "arm 'b' sets 'training.seed', which all arms must have in common")]
    [InlineData(
        "compare: {arms: [{name: a}, {name: b, set: {training: {epochs: 3, learningRate: 1}}}], test: t}",
        "arm 'b' sets 'training.epochs', which all arms must have in common")]
    [InlineData(
        "compare: {arms: [{name: a}, {name: b, set: {training.maxLength: 32}}], test: t}",
        "arm 'b' sets 'training.maxLength', which all arms must have in common")]
    [InlineData("compare: {arms: [{name: a}, {name: b, set: {adapter: {}}}], test: t}", "arm 'b' sets 'adapter' to {}, which names no key")]
    [InlineData(
        "compare: {arms: [{name: a}, {name: b, set: {adapter.rang: 3}}], test: t}",
        "arm 'b': 'adapter.rang': there is no such key. Did you mean 'rank'?")]
    [InlineData(
        "compare: {arms: paper, test: t, tune: {learningRate: [1e-3]}}",
        "compare.tune.learningRate has one value, which leaves nothing to choose")]
    [InlineData(
        "compare: {arms: paper, test: t, tune: {learningRate: [1e-3, 1e-2], seed: 2}}",
        "compare.tune.seed is 2, which is among compare.seeds")]
    [InlineData(
        "compare: {arms: [{name: a}, {name: b, learningRates: [1, 2, 3]}], test: t, tune: {learningRate: [1, 2]}}",
        "arm 'b': it has 3 learningRates, and compare.tune.learningRate has 2; every arm gets as many tries")]
    public void Read_WhatCannotBeCompared_IsRefusedByName(string section, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Read(section));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ProblemsOfRunAndComparison_AreListedTogether()
    {
        var error = Assert.Throws<ConfigException>(() => Read("compare: {arms: paper, test: t, testCount: 0}", "adapter.rank=0"));

        Assert.Contains("compare.testCount is 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("adapter.rank is 0", error.Message, StringComparison.Ordinal);
    }

    private CompareConfig Read(string section, params string[] assignments) =>
        CompareConfig.Read(_folder.Write("compare.yaml", Run + section + "\n"), assignments);
}
