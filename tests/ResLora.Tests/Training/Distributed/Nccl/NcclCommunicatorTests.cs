using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Nccl;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Distributed.Nccl;

/// <summary>All of NCCL's way that needs no GPU.</summary>
public sealed class NcclCommunicatorTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    [Fact]
    public void Over_OneProcess_IsItself()
    {
        var found = NcclCommunicator.Over(SingleProcess.Instance, new Device(DeviceType.CUDA, 0), _patience, Assert.Fail);

        Assert.Same(SingleProcess.Instance, found);
    }

    [Fact]
    public void Over_ModelsOnProcessors_AreTheRanksWithoutAWord()
    {
        var same = ThreadRanks.Run(2, ranks => NcclCommunicator.Over(ranks, CPU, _patience, Assert.Fail) == ranks);

        Assert.Equal([true, true], same);
    }

    [Fact]
    public void Over_WithoutNccl_AreTheRanksAndSaysSoOnce()
    {
        var found = ThreadRanks.Run(2, ranks =>
        {
            var told = new List<string>();
            var over = NcclCommunicator.Over(
                ranks, new Device(DeviceType.CUDA, 0), _patience, told.Add, ["libno-such-nccl.so.1", "libno-such-nccl.so"]);
            return (IsSame: over == ranks, Told: string.Join('|', told));
        });

        Assert.All(found, rank => Assert.Equal(
            (true, "GPUs add up through the hosts' memory, not by NCCL: rank 0 on host-0: NCCL cannot be loaded "
                + "(libno-such-nccl.so.1 or libno-such-nccl.so); install it (apt-get install libnccl2), or name its file in RESLORA_NCCL."),
            rank));
    }

    [Fact]
    public void Over_AModelOnTheProcessorAmongOthers_NamesIt()
    {
        var told = ThreadRanks.Run(2, ranks =>
        {
            var sentences = new List<string>();
            NcclCommunicator.Over(
                ranks, ranks.Rank == 0 ? CPU : new Device(DeviceType.CUDA, 0), _patience, sentences.Add, ["libno-such-nccl.so"]);
            return string.Join('|', sentences);
        });

        Assert.Equal(
            ["", "GPUs add up through the hosts' memory, not by NCCL: rank 0 on host-0: its model is not on a GPU."],
            told);
    }

    [Fact]
    public void WhyNot_AGpuForEach_IsNothing()
    {
        // The same place on two hosts is two GPUs.
        NcclPlace[] places = [new("a", "0000:01:00.0", null), new("a", "0000:02:00.0", null), new("b", "0000:01:00.0", null)];

        Assert.Null(NcclPlace.WhyNot(places));
    }

    [Fact]
    public void WhyNot_MoreRanksThanGpus_NamesThoseThatShare()
    {
        NcclPlace[] places = [new("a", "0000:01:00.0", null), new("a", "0000:02:00.0", null), new("a", "0000:01:00.0", null)];

        Assert.Equal("ranks 0 and 2 on a share a GPU, which NCCL cannot; start as many ranks as there are GPUs", NcclPlace.WhyNot(places));
    }

    [Fact]
    public void Calls_WithoutTensorsOfAGpu_GoTheOtherWay()
    {
        var found = ThreadRanks.Run(2, ranks =>
        {
            // Its GPUs are not asked.
            ICommunicator over = new NcclCommunicator(ranks, null!);
            using var tensor = full([3], ranks.Rank + 1f);
            float[] floats = [ranks.Rank];
            double[] doubles = [ranks.Rank];
            byte[] received = [0];
            over.Sum(tensor);
            over.Sum(floats.AsSpan());
            over.Sum(doubles.AsSpan());
            if (over.Rank == 0)
            {
                over.Send([7], 1);
            }
            else
            {
                over.Receive(received, 0);
            }

            return string.Join(' ', [
                over.Rank, over.Size, over.HostOf(1), over.Any(over.Rank == 1), over.Broadcast([(byte)over.Rank], 1)[0],
                over.Gather([(byte)over.Rank]).Count, floats[0], doubles[0], received[0], .. tensor.data<float>().Cast<object>()]);
        });

        Assert.Equal(["0 2 host-1 True 1 2 1 1 0 3 3 3", "1 2 host-1 True 1 2 1 1 7 3 3 3"], found);
    }

    [Fact]
    public unsafe void NcclId_GoesThroughBytes()
    {
        byte[] bytes = [.. Enumerable.Range(0, NcclId.Length).Select(i => (byte)i)];

        Assert.Equal(bytes, NcclId.Of(bytes).ToBytes());
        Assert.Equal(NcclId.Length, sizeof(NcclId));
    }
}
