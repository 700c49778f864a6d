using ResLora.Tests.Support;
using ResLora.Training.Checkpoints;
using ResLora.Training.Distributed;
using Xunit;

namespace ResLora.Tests.Training.Distributed;

public sealed class CheckpointSpreadTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(16 << 20)]   // as much as goes at a time
    public void Take_CheckpointOfRank0_HasItsStateAndItsTensors(int length)
    {
        using var folder = new TemporaryFolder();
        var bytes = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        // A perplexity may be infinite.
        var identity = new Dictionary<string, string> { ["a"] = "b" };
        var state = new TrainerState { Step = 7, BestMetric = double.PositiveInfinity, Identity = identity };
        var saved = new SavedCheckpoint(folder.Path, state);
        File.WriteAllBytes(saved.TensorsPath, bytes);

        var taken = ThreadRanks.Run<(TrainerState State, byte[] Bytes)?>(2, ranks =>
        {
            (TrainerState, byte[])? mine = null;
            if (ranks.Rank == 0)
            {
                CheckpointSpread.Give(ranks, saved);
            }
            else
            {
                CheckpointSpread.Take(ranks, theirs => mine = (theirs.State, File.ReadAllBytes(theirs.TensorsPath)));
            }

            return mine;
        })[1]!.Value;

        Assert.Equal((7, double.PositiveInfinity, "b"), (taken.State.Step, taken.State.BestMetric, taken.State.Identity["a"]));
        Assert.Equal(bytes, taken.Bytes);
    }
}
