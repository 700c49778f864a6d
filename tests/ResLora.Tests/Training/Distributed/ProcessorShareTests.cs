using ResLora.Training.Distributed;
using Xunit;

namespace ResLora.Tests.Training.Distributed;

public sealed class ProcessorShareTests
{
    private static readonly string[] _hosts = ["a", "b", "a", "a", "b"];

    [Theory]
    [InlineData(0, 0, 3)]
    [InlineData(1, 0, 2)]
    [InlineData(2, 1, 3)]
    [InlineData(3, 2, 3)]
    [InlineData(4, 1, 2)]
    public void OfAHost_RanksAreCountedInTheirOrder(int rank, int number, int all)
    {
        var ranks = new Named(rank);

        Assert.Equal(number, ProcessorShare.NumberHere(ranks));
        Assert.Equal(all, ProcessorShare.RanksHere(ranks));
    }

    [Theory]
    [InlineData(8, 8, 1, 8)]
    [InlineData(8, 8, 3, 2)]
    [InlineData(2, 2, 4, 1)]
    [InlineData(4, 8, 2, 4)]
    public void Of_ProcessorsOfAHost_AreSharedUnlessTheLauncherDid(int processors, int online, int ranksHere, int threads) =>
        Assert.Equal(threads, ProcessorShare.Of(processors, online, ranksHere));

    [Fact]
    public void Of_AProcessAlone_IsWhatItWouldTake() => Assert.Equal(7, ProcessorShare.Of(SingleProcess.Instance, 7));

    /// <summary>A rank that knows where the others are, and says nothing.</summary>
    private sealed class Named(int rank) : ICommunicator
    {
        public int Rank => rank;

        public int Size => _hosts.Length;

        public string HostOf(int rank) => _hosts[rank];

        public bool Any(bool holds) => throw new NotSupportedException();

        public void Sum(Span<float> values) => throw new NotSupportedException();

        public void Sum(Span<double> values) => throw new NotSupportedException();

        public byte[] Broadcast(ReadOnlySpan<byte> value, int from = 0) => throw new NotSupportedException();

        public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value) => throw new NotSupportedException();

        public void Send(ReadOnlySpan<byte> value, int to) => throw new NotSupportedException();

        public void Receive(Span<byte> value, int from, bool gently = false) => throw new NotSupportedException();
    }
}
