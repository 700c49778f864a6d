using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Loop;

public class TrainConfigTests
{
    [Fact]
    public void Problems_Defaults_HaveNone() => Assert.Empty(new TrainConfig().Problems());

    [Fact]
    public void Problems_EverythingTooLarge_NamesTheBound()
    {
        var config = new TrainConfig
        {
            Steps = int.MaxValue,
            BatchSize = int.MaxValue,
            AccumulationSteps = int.MaxValue,
            LearningRate = 1e38,
            WarmupSteps = int.MaxValue,
            WeightDecay = double.MaxValue,
            Epsilon = double.MaxValue,
            ClipNorm = 1e38,
            MaxLength = int.MaxValue,
            KeepCheckpoints = int.MaxValue,
            Threads = 2000,
        };

        var problems = config.Problems().Append(string.Join("\n", new TrainConfig { Epochs = double.MaxValue }.Problems())).ToArray();

        string[] names =
        [
            "steps", "batchSize", "accumulationSteps", "learningRate", "warmupSteps", "weightDecay", "epsilon", "clipNorm", "maxLength", "keepCheckpoints", "threads", "epochs",
        ];
        Assert.All(
            names,
            name =>
                Assert.Contains(
                    problems,
                    problem =>
                        problem.StartsWith(
                            $"{name} is ", StringComparison.Ordinal) && problem.EndsWith(" or less", StringComparison.Ordinal)));
    }

    [Fact]
    public void Problems_SamplesOfAStep_AreBoundedTogether()
    {
        var problem = Assert.Single(new TrainConfig { BatchSize = 1_000_000, AccumulationSteps = 1_000_000 }.Problems());

        Assert.Equal("batchSize and accumulationSteps make 1000000000000 samples a step; they may make 1048576", problem);
    }

    [Fact]
    public void Problems_EverythingWrong_NamesEverySetting()
    {
        var config = new TrainConfig
        {
            Steps = 0,
            Epochs = double.NaN,
            BatchSize = 0,
            AccumulationSteps = -1,
            LearningRate = double.PositiveInfinity,
            Schedule = (ScheduleKind)9,
            WarmupRatio = 2,
            WarmupSteps = -1,
            WeightDecay = -1,
            Beta1 = 1,
            Beta2 = -0.1,
            Epsilon = -1,
            ClipNorm = double.NaN,
            MaxLength = 1,
            EvaluateEvery = -1,
            CheckpointEvery = -1,
            KeepCheckpoints = 0,
            BestMetric = " ",
            Patience = -1,
            DataType = "float16",
            Threads = -1,
            MaxUntrainedShare = -1,
        };

        var problems = string.Join("\n", config.Problems());

        string[] names =
        [
            "steps", "epochs", "batchSize", "accumulationSteps", "learningRate", "schedule", "warmupRatio", "warmupSteps", "weightDecay", "beta1", "beta2",
            "epsilon", "clipNorm", "maxLength", "evaluateEvery", "checkpointEvery", "keepCheckpoints", "bestMetric", "patience", "dataType", "threads", "maxUntrainedShare",
        ];
        Assert.All(names, name => Assert.Contains($"{name} is ", problems, StringComparison.Ordinal));
        Assert.Contains("both given", problems, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.0, false)]
    [InlineData(1.0, false)]
    [InlineData(double.NaN, false)]
    [InlineData(0.9999, true)]
    public void Problems_ADecayOfTheAverage_IsBetween0And1(double decay, bool allowed) =>
        Assert.Equal(
            allowed, !new TrainConfig { Ema = decay }.Problems().Any(problem => problem.StartsWith("ema is ", StringComparison.Ordinal)));

    [Theory]
    [InlineData(0, false)]
    [InlineData(1e-60, false)]   // 0 in float32, which the optimizer computes in
    [InlineData(1e60, false)]
    [InlineData(1e-30, true)]
    public void Problems_EpsilonThatWouldDivideNothingByNothing_IsNamed(double epsilon, bool allowed) =>
        Assert.Equal(
            allowed,
            !new TrainConfig { Epsilon = epsilon }.Problems().Any(problem => problem.StartsWith("epsilon is ", StringComparison.Ordinal)));
}
