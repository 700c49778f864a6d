using ResLora.Experiments.Comparing.Reports;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing.Reports;

public sealed class LearningCaveatsTests
{
    [Fact]
    public void Of_RunsThatTellSamplesApart_IsNothing() => Assert.Empty(LearningCaveats.Of([("lora", 0, 5), ("input", 0, 5)]));

    [Fact]
    public void Of_RunsThatAllGiveOneLabel_SaysThatNothingWasLearnt() => Assert.StartsWith(
        "nothing was learnt: every run gave", Assert.Single(LearningCaveats.Of([("lora", 5, 5), ("input", 5, 5)])), StringComparison.Ordinal);

    [Fact]
    public void Of_SomeArmsThatGiveOneLabel_NamesThemAndHowOften() => Assert.StartsWith(
        "some runs have learnt nothing and gave every test sample the same label: lora, full with every seed; dora with 3 of 5 seeds. ",
        Assert.Single(LearningCaveats.Of([("lora", 5, 5), ("middle", 0, 5), ("dora", 3, 5), ("full", 5, 5)])),
        StringComparison.Ordinal);

    [Fact]
    public void Of_OneRunThatGivesOneLabel_NamesItAlone() => Assert.StartsWith(
        "some runs have learnt nothing and gave every test sample the same label: dora with 1 of 5 seeds. ",
        Assert.Single(LearningCaveats.Of([("lora", 0, 5), ("dora", 1, 5)])),
        StringComparison.Ordinal);
}
