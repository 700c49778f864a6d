using ResLora.Adapters;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Adapters.Methods.AdaLora;

public sealed class AdaLoraScheduleTests
{
    // PEFT 0.20.1.dev0, RankAllocator.budget_schedule with tinit 4, tfinal 8, total_step 30, 36 triplets, 18 of them to stay.
    [Theory]
    [InlineData(1, 36)]
    [InlineData(4, 36)]
    [InlineData(6, 30)]
    [InlineData(8, 26)]
    [InlineData(10, 23)]
    [InlineData(12, 21)]
    [InlineData(14, 19)]
    [InlineData(22, 18)]
    [InlineData(29, 18)]
    public void Budget_Step_IsPefts(int step, int expected)
    {
        Assert.Equal(expected, new AdaLoraSchedule(4, 8, 30).Budget(step, 36, 18));
    }

    [Fact]
    public void Divides_Interval_BehindTheWarmUpAndAtTheLast()
    {
        var schedule = new AdaLoraSchedule(4, 7, 20, Interval: 3);

        Assert.Equal([6, 9, 12, 13], Enumerable.Range(1, 20).Where(schedule.Divides));
        Assert.Equal(Enumerable.Range(1, 12), Enumerable.Range(1, 20).Where(schedule.Measures));
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(4, 0, 1)]
    [InlineData(200, 20, 60)]
    public void Of_NothingIsSaid_GoesByTheLengthOfTheRun(int steps, int warmup, int final)
    {
        Assert.Equal(new AdaLoraSchedule(warmup, final, steps), AdaLoraSchedule.Of(new AdaLoraConfig(), steps));
    }

    [Fact]
    public void Of_NoStepToPruneIn_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => AdaLoraSchedule.Of(new AdaLoraConfig { WarmupSteps = 15, FinalSteps = 10 }, 20));

        Assert.Contains(
            "15 steps of warm-up and 10 final ones, which leave none to prune in of a run of 20", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_BadSettings_AreAllSaid()
    {
        var config = new AdapterConfig
        {
            Method = "adalora",
            Rank = 4,
            RankStabilized = true,
            AdaLora = new AdaLoraConfig { TargetRank = 5, WarmupSteps = -1, FinalSteps = -2, Interval = 0, Beta1 = 1, Beta2 = double.NaN, OrthogonalWeight = -1 },
        };

        string[] expected =
        [
            "rankStabilized is true", "adaLora.targetRank is 5; it must be from 1 to rank, which is 4", "adaLora.warmupSteps is -1", "adaLora.finalSteps is -2",
            "adaLora.interval is 0", "adaLora.beta1 is 1", "adaLora.beta2 is NaN", "adaLora.orthogonalWeight is -1",
        ];
        Assert.All(
            expected.Zip(config.Problems(), (start, problem) => (start, problem)),
            p => Assert.StartsWith(p.start, p.problem, StringComparison.Ordinal));
        Assert.Equal(expected.Length, config.Problems().Count());
    }

    [Fact]
    public void Problems_OtherMethod_RefusesTheSettings()
    {
        var problem = Assert.Single(new AdapterConfig { AdaLora = new AdaLoraConfig() }.Problems());

        Assert.StartsWith("adaLora has settings of the method adalora, and method is lora", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 6)]
    [InlineData(12, 8)]
    public void TargetOf_NothingIsSaid_IsTwoThirds(int rank, int expected)
    {
        Assert.Equal(expected, new AdaLoraConfig().TargetOf(rank));
    }
}
