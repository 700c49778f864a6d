using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Loop;

public class LearningRateScheduleTests
{
    [Theory]
    [InlineData(ScheduleKind.Linear, new[] { 0.5, 1, 1, 0.75, 0.5, 0.25 })]
    [InlineData(ScheduleKind.Cosine, new[] { 0.5, 1, 1, 0.853553, 0.5, 0.146447 })]
    [InlineData(ScheduleKind.Constant, new double[] { 0.5, 1, 1, 1, 1, 1 })]
    public void At_EveryStep_RisesAndFalls(ScheduleKind kind, double[] expected)
    {
        var schedule = new LearningRateSchedule(new TrainConfig { LearningRate = 1, Schedule = kind, WarmupSteps = 2 }, 6);

        var rates = Enumerable.Range(0, 6).Select(schedule.At);

        Assert.All(expected.Zip(rates), pair => Assert.Equal(pair.First, pair.Second, 6));
    }

    [Theory]
    [InlineData(0.03, null, 100, 3)]
    [InlineData(0.03, null, 10, 1)]
    [InlineData(0, null, 10, 0)]
    [InlineData(0.5, 4, 10, 4)]
    [InlineData(0.5, 40, 10, 10)]
    public void WarmupSteps_RatioOrNumber_StaysWithinTheRun(double ratio, int? steps, int total, int expected)
    {
        var schedule = new LearningRateSchedule(new TrainConfig { WarmupRatio = ratio, WarmupSteps = steps }, total);

        Assert.Equal(expected, schedule.WarmupSteps);
    }
}
