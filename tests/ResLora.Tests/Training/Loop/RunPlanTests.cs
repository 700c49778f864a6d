using ResLora.Adapters;
using ResLora.Training.Data;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Loop;

public class RunPlanTests
{
    // D 16, F 24, 4 heads of 4, 2 key-value heads: inputs and outputs of q, k, v, o, gate, up, down.
    private const long InsideLayer = 32 + 24 + 24 + 32 + 40 + 40 + 40;
    private const long ModelParameters = (2 * 24 * 16) + (3 * ((2 * 16 * 16) + (2 * 8 * 16) + (3 * 16 * 24) + 32)) + 16;
    private const long BlockParameters = 2 * 3 * (32 + 24 + 40);

    [Fact]
    public void Create_Adapter_CountsWhatWillHappen()
    {
        using var bench = new TrainingBench(ShortcutKind.Block);
        var data = new TokenizedData(TinyModel.Samples(10), TooLong: 2, Untrained: 1);

        var plan = RunPlan.Create(bench.Model, bench.Adapter, data, new TrainConfig { Epochs = 2, BatchSize = 2, AccumulationSteps = 2, WarmupRatio = 0.5 });

        Assert.Equal(9, plan.Modules.Count);
        Assert.Equal(3, plan.Chains.Count);
        Assert.Empty(plan.Breaks);
        Assert.Equal(BlockParameters, plan.TrainableParameters);
        Assert.Equal(ModelParameters + BlockParameters, plan.AllParameters);
        Assert.Equal((10, 2, 1), (plan.Samples, plan.TooLong, plan.Untrained));
        Assert.Equal((6, 3, 3), (plan.Steps, plan.StepsPerEpoch, plan.WarmupSteps));
        Assert.Equal(10, plan.LongestSample);
    }

    [Theory]
    [InlineData(ShortcutKind.None, false, 3 * (InsideLayer + 6))]
    [InlineData(ShortcutKind.None, true, (3 * 16) + InsideLayer + 6)]
    [InlineData(ShortcutKind.Input, true, (3 * (16 + 16 + 16 + 24)) + InsideLayer + 6)]
    [InlineData(ShortcutKind.Middle, true, (3 * (16 + 6)) + InsideLayer + 6)]
    public void MemoryEstimate_Adapter_AddsUpItsParts(ShortcutKind shortcut, bool checkpointing, long numbersPerToken)
    {
        using var bench = new TrainingBench(shortcut);
        var config = new TrainConfig { BatchSize = 2, GradientCheckpointing = checkpointing };

        var memory = MemoryEstimate.Of(bench.Model, bench.Adapter, config, longestSample: 10, mostTrainedTokens: 4);

        Assert.Equal(ModelParameters * 4, memory.BaseWeights);
        Assert.Equal(BlockParameters * 16, memory.Trained);
        Assert.Equal(numbersPerToken * 2 * 10 * 4, memory.Activations);
        Assert.Equal(2 * 4 * 24 * 12, memory.Logits);
        Assert.Equal(memory.BaseWeights + memory.Trained + memory.Activations + memory.Logits, memory.Total);
    }

    [Fact]
    public void MemoryEstimate_WholeModel_HasNoFrozenWeights()
    {
        using var bench = new TrainingBench(shortcut: null);

        var memory = MemoryEstimate.Of(bench.Model, null, new TrainConfig(), longestSample: 10, mostTrainedTokens: 4);

        Assert.Equal((0, ModelParameters * 16), (memory.BaseWeights, memory.Trained));
    }
}
