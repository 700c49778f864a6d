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

        Assert.Equal(trained.TrainableParameters, plan.Run.TrainableParameters);
        Assert.Equal((trained.Result.Steps, trained.Result.Steps), (plan.Run.Steps, plan.Run.StepsPerEpoch));
        Assert.Equal("q_proj, v_proj", $"{plan.Adapter!.Targets}");
        Assert.Equal(["q_proj", "v_proj"], plan.Layers.Select(group => group.Suffix));
        Assert.Equal([3, 3], plan.Run.Chains.Select(chain => chain.Blocks.Count));
        Assert.Equal((57, 6), (plan.Run.Samples, plan.ValidationSamples));
    }

    [Fact]
    public void Run_WithoutAdapter_EverythingIsTrained()
    {
        var plan = PlanJob.Run(world.Run("planned-whole") with { Adapter = null });

        Assert.Equal(plan.Run.AllParameters, plan.Run.TrainableParameters);
        Assert.Empty(plan.Layers);
    }
}
