using System.Text.Json;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Experiments.Workloads.Generation;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads;

public sealed class GenerationWorkloadTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(24, 2)]
    [InlineData(63, 6)]
    public void Read_FewRowsAndDefaultSettings_HoldsATenthOut(int rows, int expected)
    {
        var (train, validation) = Read(new DataConfig { Train = world.Data, Limit = rows });

        Assert.Equal((rows - expected, expected), (train.Length, validation.Length));
    }

    [Fact]
    public void Read_OneRow_AsksForNoValidationOrAFile()
    {
        var error = Assert.Throws<ConfigException>(() => Read(new DataConfig { Train = world.Data, Limit = 1 }));

        Assert.Contains("set validationCount to 0, or name a validation file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OtherTrainingSeed_ValidatesOnTheSameSamples()
    {
        var data = new DataConfig { Train = world.Data, ValidationCount = 9 };

        Assert.Equal(Read(data, seed: 1).Validation, Read(data, seed: 2).Validation);
        Assert.NotEqual(Read(data, seed: 1).Validation, Read(data with { SplitSeed = 1 }, seed: 1).Validation);
    }

    [Fact]
    public void Read_OneLongText_TrainsOnItsBeginningInWindowsAndValidatesOnItsEnd()
    {
        var text = string.Concat(Enumerable.Range(0, 300).Select(i => $"Line {i} of a text.\n"));
        var path = world.Folder.Write("one.txt", text);

        var report = PlanJob.Run(world.Run("windows") with { Task = "text", Data = new DataConfig { Train = path } });

        Assert.Equal(1, report.Run.CutIntoWindows);
        Assert.Equal(0, report.Run.TooLong);
        Assert.InRange(report.Run.Samples, 10, int.MaxValue);
        Assert.InRange(report.Run.LongestSample, 2, 128);
        Assert.InRange(report.ValidationSamples, 1, report.Run.Samples / 5);
        Assert.Equal(["data", "trained tokens"], report.DataFacts.Select(fact => fact.Key));
        Assert.Equal(
            $"{report.Run.Samples} samples (1 long texts are cut into windows), 0 too long, 0 with nothing to learn, {report.ValidationSamples} for validation",
            report.DataFacts[0].Value);
    }

    [Fact]
    public void Plan_LongestSampleAboveThePositions_IsRefusedAndTheUsualOneIsLowered()
    {
        var config = world.Run("positions");
        PlanReport Plan(int length) => PlanJob.Run(config with { Training = config.Training with { MaxLength = length } });

        var error = Assert.Throws<ConfigException>(() => Plan(129));

        Assert.Contains(
            $"training.maxLength is 129, and {world.Model} has 128 positions (max_position_embeddings)",
            error.Message,
            StringComparison.Ordinal);
        Assert.Equal(Plan(128).Run.Samples, Plan(new TrainConfig().MaxLength).Run.Samples);
    }

    [Fact]
    public void Plan_OtherNamesOfColumns_AreInThePlan()
    {
        var path = world.Folder.Write(
            "pairs.jsonl",
            string.Concat(
                Enumerable.Range(0, 9).Select(i => JsonSerializer.Serialize(new { question = $"{i}?", answer = $" {i}" }) + "\n")));

        var report = PlanJob.Run(world.Run("guessed") with { Task = "completion", Data = new DataConfig { Train = path } });

        Assert.Equal("question", report.GuessedColumns["prompt"]);
        Assert.Equal((8, 1), (report.Run.Samples, report.ValidationSamples));
    }

    private (string[] Train, string[] Validation) Read(DataConfig data, long seed = 0)
    {
        var config = world.Run("data") with { Data = data, Training = new TrainConfig { Seed = seed, MaxLength = 128 } };
        var read = (GenerationData)TrainJob.ReadData(config);
        return ([.. read.Train.Select(sample => sample.Prompt)], [.. read.Validation.Select(sample => sample.Prompt)]);
    }
}
