using ResLora.Adapters;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using Xunit;

namespace ResLora.Tests.Experiments.Planning;

public sealed class PlanJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Run_AnAdapter_SaysWhatTrainingDoes()
    {
        var config = world.Run("planned");
        config = config with { Training = config.Training with { Steps = null, Epochs = 1 } };

        var plan = PlanJob.Run(config);
        var trained = TrainJob.Run(config, stop: TestContext.Current.CancellationToken);

        Assert.Equal(trained.TrainableParameters, plan.TrainableParameters);
        Assert.Equal(trained.Result.Steps, plan.Steps);
        Assert.Equal(1, plan.Epochs);
        Assert.Equal(["q_proj", "v_proj"], plan.Modules.Select(group => group.Suffix));
        Assert.Equal([3, 3], plan.Chains.Select(chain => chain.Blocks.Count));
        Assert.Equal((57, 6), (plan.TrainSamples, plan.ValidationSamples));
        Assert.InRange(plan.MeanTrainedTokens, plan.MinTrainedTokens, plan.MaxTrainedTokens);
        Assert.True(plan.Memory.Total > 4 * plan.TotalParameters);
    }

    [Fact]
    public void Run_WithoutAdapter_EverythingIsTrained()
    {
        var plan = PlanJob.Run(world.Run("planned-whole") with { Adapter = null });

        Assert.Equal(plan.TotalParameters, plan.TrainableParameters);
        Assert.Empty(plan.Chains);
    }

    [Fact]
    public void Run_PlainLora_HasNoChains() => Assert.Empty(PlanJob.Run(world.Run("planned-lora", ShortcutKind.None)).Chains);
}
