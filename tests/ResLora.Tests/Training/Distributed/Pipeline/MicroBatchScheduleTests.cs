using ResLora.Training.Distributed.Pipeline;
using Xunit;

namespace ResLora.Tests.Training.Distributed.Pipeline;

public sealed class MicroBatchScheduleTests
{
    public static TheoryData<int, int> Sizes { get; } = [.. new[] { 1, 2, 3, 4, 7 }.SelectMany(_ => new[] { 1, 2, 3, 4, 9 }, (stages, count) => (stages, count))];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Of_EveryStage_HasMessagesInRisingTimesSoThatNobodyWaitsForEver(int stages, int count)
    {
        for (var stage = 0; stage < stages; stage++)
        {
            int[] times = [.. MicroBatchSchedule.Of(stage, stages, count).Select(c => TimeOf(c, stage, stages)).OfType<int>()];

            Assert.Equal(times.Distinct().Order(), times);
            Assert.Equal(2 * count * ((stage > 0 ? 1 : 0) + (stage < stages - 1 ? 1 : 0)), times.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Of_EveryStage_DoesEachCallOnceAndInItsOrder(int stages, int count)
    {
        for (var stage = 0; stage < stages; stage++)
        {
            var calls = MicroBatchSchedule.Of(stage, stages, count).ToArray();

            Assert.Equal(4 * count, calls.Distinct().Count());
            Assert.All(calls.GroupBy(c => c.MicroBatch), of => Assert.Equal(Enum.GetValues<StageCall>(), of.Select(c => c.Call)));
            Assert.All(calls.GroupBy(c => c.Call), of => Assert.Equal(Enumerable.Range(0, count), of.Select(c => c.MicroBatch)));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Of_ManyMicroBatches_KeepsNoMoreThanTheStagesFromItsOwnOn(int stages, int count)
    {
        for (var stage = 0; stage < stages; stage++)
        {
            var (kept, most) = (0, 0);
            foreach (var (call, _) in MicroBatchSchedule.Of(stage, stages, count))
            {
                kept += call == StageCall.Forward ? 1 : call == StageCall.Backward ? -1 : 0;
                most = Math.Max(most, kept);
            }

            Assert.Equal(Math.Min(stages - stage, count), most);
        }
    }

    /// <summary>The time of the message of a call, as the schedule's remarks give it; null where it has none.</summary>
    private static int? TimeOf((StageCall Call, int MicroBatch) call, int stage, int stages)
    {
        int Activations(int sender) => (4 * call.MicroBatch) + (2 * sender);
        int Gradients(int receiver) => (4 * call.MicroBatch) + (4 * stages) - (2 * receiver) - 3;
        var (isFirst, isLast) = (stage == 0, stage == stages - 1);
        return call.Call switch
        {
            StageCall.Receive => isFirst ? null : Activations(stage - 1),
            StageCall.Forward => isLast ? null : Activations(stage),
            StageCall.Backward => isLast ? null : Gradients(stage),
            _ => isFirst ? null : Gradients(stage - 1),
        };
    }
}
