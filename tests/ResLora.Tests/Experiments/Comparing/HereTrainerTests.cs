using ResLora.Experiments.Comparing;
using ResLora.Experiments.Running;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing;

public sealed class HereTrainerTests(CompareWorld world) : IClassFixture<CompareWorld>
{
    [Fact]
    public void Train_ARunThatWasDoneAlready_HasNoPeakOfItsOwn()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Peak memory is what Linux says.");
        var plan = ComparePlan.Of(
            world.Config("done-already", world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Middle)));
        var run = PlannedRun.Of(plan, plan.Arms[0], 1, 0.05);
        var stop = TestContext.Current.CancellationToken;
        var first = TrainJob.Run(run.Config, stop: stop);

        // As when it is killed before it has said that it is done.
        var record = new HereTrainer(null).Train(run, resume: true, stop);

        Assert.NotNull(first.PeakMemory);
        Assert.Equal((first.TrainableParameters, null), (record.TrainedParameters, record.PeakMemory));
    }
}
