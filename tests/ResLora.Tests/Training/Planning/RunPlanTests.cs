using ResLora.Adapters;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Adapters.Methods.Ia3;
using ResLora.Adapters.Methods.Lora;
using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using ResLora.Text.Data;
using ResLora.Training.Loop;
using ResLora.Training.Memory;
using ResLora.Training.Planning;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Planning;

public class RunPlanTests
{
    private const long ModelParameters = (2 * 24 * 16) + (3 * ((2 * 16 * 16) + (2 * 8 * 16) + (3 * 16 * 24) + 32)) + 16;
    private const long BlockParameters = 2 * 3 * (32 + 24 + 40);

    [Fact]
    public void Create_Adapter_CountsWhatWillHappen()
    {
        using var bench = new TrainingBench(ShortcutKind.Block);
        var data = new TokenizedData(TinyModel.Samples(10)) { TooLong = 2, Untrained = 1 };

        var plan = RunPlan.Create(
            bench.Model,
            bench.Adapter,
            data,
            new TrainConfig { Epochs = 2, BatchSize = 2, AccumulationSteps = 2, WarmupRatio = 0.5 },
            BaseMemory.Unmapped(bench.Model, float32));

        Assert.Equal(9, plan.Modules.Count);
        Assert.Equal(3, plan.Chains.Count);
        Assert.Empty(plan.Breaks);
        Assert.Equal(BlockParameters, plan.TrainableParameters);
        Assert.Equal(ModelParameters + BlockParameters, plan.AllParameters);
        Assert.Equal((10, 2, 1), (plan.Samples, plan.TooLong, plan.Untrained));
        Assert.Equal((6, 3, 3), (plan.Steps, plan.StepsPerEpoch, plan.WarmupSteps));
        Assert.Equal(10, plan.LongestSample);
    }

    [Fact]
    public void Create_AMethodThatNeedsMoreSteps_IsRefused()
    {
        using var bench = new TrainingBench(adapter: new AdapterConfig
        {
            Method = "adalora",
            Targets = TargetModules.Suffixes("q_proj"),
            AdaLora = new AdaLoraConfig { WarmupSteps = 9 },
        });
        var data = new TokenizedData(TinyModel.Samples(10));

        var error = Assert.Throws<ConfigException>(() =>
            RunPlan.Create(bench.Model, bench.Adapter, data, new TrainConfig { Steps = 8 }, BaseMemory.Unmapped(bench.Model, float32)));

        Assert.Contains("adaLora has 9 steps of warm-up", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_InputsOfLayersWithoutABlock_AreRefusedAsInTraining()
    {
        using var bench = new TrainingBench(adapter: new AdapterConfig
        {
            Method = "ia3",
            Targets = TargetModules.Suffixes("q_proj"),
            Ia3 = new Ia3Settings { Feedforward = TargetModules.Suffixes("up_proj") },
        });

        var planned = Assert.Throws<ConfigException>(() => Plan(bench, float32));
        var trained = Assert.Throws<ConfigException>(() => bench.Train(TrainingBench.Config));

        Assert.Equal(
            "adapter.ia3.feedforward 'up_proj' matches none of the 3 layers with a block; name some of adapter.targets.", planned.Message);
        Assert.Equal(trained.Message, planned.Message);
    }

    [Fact]
    public void Create_BiasesOfAModelIn16Bits_AreRefusedAsInTraining()
    {
        var adapter =
            new AdapterConfig { Targets = TargetModules.Suffixes("q_proj"), Lora = new LoraSettings { Bias = BiasTraining.LoraOnly } };
        using var wide = new TrainingBench(model: TinyLlama.Create(Biased), adapter: adapter);
        using var narrow = new TrainingBench(model: TinyLlama.Create(Biased), adapter: adapter);

        var error = Assert.Throws<ConfigException>(() => Plan(narrow, bfloat16));

        Assert.NotEmpty(Plan(wide, float32).Modules);
        Assert.Equal(
            "'model.layers.0.self_attn.q_proj.base_layer.bias' is to be trained, and the model is computed in 16 bits; what is trained must be float32. Set training.dataType: float32.",
            error.Message);
    }

    [Fact]
    public void Create_LimitOnMemory_PlansWithWhatFits()
    {
        using var bench = new TrainingBench();
        var data = new TokenizedData(TinyModel.Samples(10, shortest: 12));
        var config = new TrainConfig { Epochs = 1, BatchSize = 4, MaxMemory = "1GB" };
        var weights = BaseMemory.Unmapped(bench.Model, float32);
        var wanted = RunPlan.Create(bench.Model, bench.Adapter, data, config, weights);

        var plan = RunPlan.Create(bench.Model, bench.Adapter, data, config with { MaxMemory = $"{wanted.Memory!.Total - 1}" }, weights);

        Assert.Equal(config, wanted.Choice!.Config);
        Assert.True(plan.Memory!.Total < wanted.Memory!.Total);
        Assert.Equal(
            (2, 2, false), (plan.Choice!.Config.BatchSize, plan.Choice.Config.AccumulationSteps, plan.Choice.Config.GradientCheckpointing));
        Assert.Equal((wanted.Steps, wanted.StepsPerEpoch), (plan.Steps, plan.StepsPerEpoch));
    }

    [Theory]
    [InlineData(0, 1, null)]
    [InlineData(5, 4, null)]
    [InlineData(5, 4, 0.9)]
    public void Create_DiskBytes_CountBestLastOneMoreAndTheCheckpoints(int every, int checkpoints, double? ema)
    {
        using var bench = new TrainingBench();
        var data = new TokenizedData(TinyModel.Samples(10));

        var config = new TrainConfig { CheckpointEvery = every, KeepCheckpoints = 3, Ema = ema };
        var plan = RunPlan.Create(bench.Model, bench.Adapter, data, config, BaseMemory.Unmapped(bench.Model, float32));

        // Float32: what is saved, and in a checkpoint also the parameter, its two moments and its average.
        const int number = 4;
        Assert.Equal(BlockParameters * number * (3 + (checkpoints * (ema is null ? 4 : 5))), plan.DiskBytes);
        Assert.Equal(ema, plan.Ema);
    }

    [Theory]
    [InlineData(0, null, true)]
    [InlineData(-1, null, false)]
    [InlineData(null, 0, true)]
    [InlineData(null, -1, false)]
    [InlineData(-1, 0, false)]
    [InlineData(null, null, true)]
    public void KeepsFreedMemory_LimitAndMachine_AsTheTighterOfThemAllows(int? limit, int? available, bool expected)
    {
        using var bench = new TrainingBench();
        var data = new TokenizedData(TinyModel.Samples(10));
        var (config, weights) = (new TrainConfig { Epochs = 1, BatchSize = 4 }, BaseMemory.Unmapped(bench.Model, float32));
        var most = RunPlan.Create(bench.Model, bench.Adapter, data, config, weights).Memory!.TotalWithFreed;

        var plan = RunPlan.Create(
            bench.Model, bench.Adapter, data, config with { MaxMemory = limit is { } l ? $"{most + l}" : null }, weights, most + available);

        Assert.True(plan.Memory!.Total < most);
        Assert.Equal(expected, plan.KeepsFreedMemory);
    }

    [Fact]
    public void Create_LimitOnMemoryOfPaddedBatches_PacksFirst()
    {
        using var bench = new TrainingBench();
        var data = new TokenizedData(TinyModel.Samples(10));
        var config = new TrainConfig { Epochs = 1, BatchSize = 4, MaxMemory = "1GB", Packing = false };
        var weights = BaseMemory.Unmapped(bench.Model, float32);
        var wanted = RunPlan.Create(bench.Model, bench.Adapter, data, config, weights);

        var plan = RunPlan.Create(bench.Model, bench.Adapter, data, config with { MaxMemory = $"{wanted.Memory!.Total - 1}" }, weights);

        Assert.Equal((config, false), (wanted.Choice!.Config, wanted.Choice.TurnsPackingOn));
        Assert.Equal((4, 1, true), (plan.Choice!.Config.BatchSize, plan.Choice.Config.AccumulationSteps, plan.Choice.Config.Packing));
        Assert.True(plan.Choice.TurnsPackingOn);
        Assert.True(plan.Memory!.Total < wanted.Memory!.Total);
    }

    private static LlamaConfig Biased { get; } = TinyLlama.Config with { ConfiguredAttentionBias = true };

    private static RunPlan Plan(TrainingBench bench, ScalarType type) => RunPlan.Create(
        bench.Model, bench.Adapter, new TokenizedData(TinyModel.Samples(10)), new TrainConfig { Steps = 8 }, BaseMemory.Unmapped(bench.Model, type));
}
