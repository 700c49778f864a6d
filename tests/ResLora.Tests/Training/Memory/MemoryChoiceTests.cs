using ResLora.Formats.Errors;
using ResLora.Training.Loop;
using ResLora.Training.Memory;
using Xunit;

namespace ResLora.Tests.Training.Memory;

public sealed class MemoryChoiceTests
{
    private static readonly TrainConfig _wanted = new() { BatchSize = 8, AccumulationSteps = 3, DataType = "float32" };

    [Theory]
    [InlineData(800, 8, 3, false)]   // as it is
    [InlineData(799, 6, 4, false)]   // the next size that 24 samples can be cut into
    [InlineData(450, 4, 6, false)]
    [InlineData(100, 1, 24, false)]
    [InlineData(99, 8, 3, true)]   // checkpointing, and back to the largest passes
    [InlineData(30, 3, 8, true)]
    [InlineData(10, 1, 24, true)]
    public void Fit_Limit_TakesTheFastestThatFits(long limit, int batchSize, int accumulation, bool checkpointing)
    {
        var choice = MemoryChoice.Fit(_wanted, MemoryEstimate.Runtime + limit, canPack: true, Estimate);

        Assert.Equal(
            (batchSize, accumulation, checkpointing),
            (choice.Config.BatchSize, choice.Config.AccumulationSteps, choice.Config.GradientCheckpointing));
        Assert.Equal(24, choice.Config.BatchSize * choice.Config.AccumulationSteps);
        Assert.Equal(MemoryEstimate.Runtime + 800, choice.Wanted);
        Assert.InRange(choice.Estimate.Total, 0, choice.Limit);
    }

    [Fact]
    public void Fit_CheckpointingWanted_IsNeverTurnedOff()
    {
        var choice = MemoryChoice.Fit(_wanted with { GradientCheckpointing = true }, long.MaxValue, canPack: true, Estimate);

        Assert.True(choice.Config.GradientCheckpointing);
        Assert.Equal(8, choice.Config.BatchSize);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Fit_PackingWantedOff_IsTurnedOnOnlyWhereItCanBe(bool canPack)
    {
        var choice = MemoryChoice.Fit(_wanted with { Packing = false }, MemoryEstimate.Runtime + 450, canPack, Estimate);

        Assert.Equal((canPack, canPack), (choice.TurnsPackingOn, choice.Config.Packing));
    }

    [Theory]
    [InlineData(0, 0, "training.maxLength")]
    [InlineData(50_000_000, 0, "training.dataType to bfloat16")]
    [InlineData(0, 50_000_000, "adapter.rank")]
    public void Fit_NothingFits_SaysTheLeastAndWhatToChange(long weights, long trained, string advice)
    {
        var error = Assert.Throws<ConfigException>(() =>
            MemoryChoice.Fit(
                _wanted,
                MemoryEstimate.Runtime + 5,
                canPack: true,
                config => Estimate(config) with { BaseWeights = weights, Trained = trained }));

        Assert.Contains("training.maxMemory is 100.0 MB", error.Message, StringComparison.Ordinal);
        Assert.Contains("batchSize 1, accumulationSteps 24 and gradientCheckpointing", error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_LessThanTheProgram_AdvisesNothingThatWouldNotHelp()
    {
        var error = Assert.Throws<ConfigException>(() => MemoryChoice.Fit(_wanted, 1000, canPack: true, Estimate));

        Assert.EndsWith("Raise it: the program alone takes more.", error.Message, StringComparison.Ordinal);
    }

    /// <summary>100 bytes a sample of a pass, a tenth of it when checkpointed.</summary>
    private static MemoryEstimate Estimate(TrainConfig config) =>
        new(0, 0, config.BatchSize * (config.GradientCheckpointing ? 10 : 100), 0);
}
