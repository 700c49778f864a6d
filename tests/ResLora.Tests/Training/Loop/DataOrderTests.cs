using FsCheck;
using FsCheck.Fluent;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Loop;

public class DataOrderTests
{
    [Fact]
    public void MicroBatches_EveryEpoch_HasEverySampleOnce()
    {
        var sizes = ArbMap.Default.ArbFor<(PositiveInt Count, PositiveInt Batch, PositiveInt Accumulation, int Seed)>();

        Prop.ForAll(sizes, size =>
        {
            var order = new DataOrder(
                [.. Enumerable.Range(0, size.Count.Get).Select(i => 1 + (i * 7 % 13))],
                new TrainConfig { Epochs = 2, BatchSize = size.Batch.Get, AccumulationSteps = size.Accumulation.Get, Seed = size.Seed });

            return Enumerable.Range(0, 2).All(epoch => Enumerable.Range(epoch * order.StepsPerEpoch, order.StepsPerEpoch)
                .SelectMany(order.MicroBatches)
                .SelectMany(batch => batch)
                .Order()
                .SequenceEqual(Enumerable.Range(0, size.Count.Get))) && order.TotalSteps == 2 * order.StepsPerEpoch;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void MicroBatches_OtherCut_GivesTheSameSamplesToEveryStep()
    {
        int[] lengths = [.. Enumerable.Range(0, 37).Select(i => 1 + (i * 7 % 13))];
        var whole = new DataOrder(lengths, new TrainConfig { Steps = 30, BatchSize = 4, AccumulationSteps = 1, Seed = 2 });
        var parts = new DataOrder(lengths, new TrainConfig { Steps = 30, BatchSize = 1, AccumulationSteps = 4, Seed = 2 });

        Assert.All(Enumerable.Range(0, 30), step =>
            Assert.Equal(whole.MicroBatches(step).SelectMany(b => b), parts.MicroBatches(step).SelectMany(b => b)));
    }
}
