using ResLora.Training.Distributed;
using Xunit;

namespace ResLora.Tests.Training.Distributed;

public sealed class ScalingModelTests
{
    private const double Latency = 1e-4, Bandwidth = 1e9;

    [Theory]
    [InlineData(1, 8_000_000, 0)]
    // One round of all bytes, 1e-4 + 8e-3, is as long as twice a half; then six small messages.
    [InlineData(2, 8_000_000, 0.0081 + 6e-4)]
    // Around the ring: 14 · (1e-4 + 1e-3), less than 3 · 0.0081 by doubling; small messages take 3 rounds.
    [InlineData(8, 8_000_000, 0.0154 + 18e-4)]
    // Few bytes: 3 rounds of 1e-4 + 8e-6.
    [InlineData(8, 8_000, 3.24e-4 + 18e-4)]
    public void TalkSeconds_OfRanks_IsTheQuickerWayAndTheSmallMessages(int ranks, long bytes, double expected)
    {
        Assert.Equal(expected, new ScalingModel(bytes, Latency, Bandwidth).TalkSeconds(ranks), 1e-9);
    }
}
