using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Loop;

public class TrainConfigTests
{
    [Fact]
    public void Problems_Defaults_HaveNone() => Assert.Empty(new TrainConfig().Problems());

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
}
