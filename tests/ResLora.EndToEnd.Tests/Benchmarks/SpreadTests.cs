using ResLora.Benchmarks.Measuring;
using Xunit;

namespace ResLora.EndToEnd.Tests.Benchmarks;

public sealed class SpreadTests
{
    [Fact]
    public void Quantiles_OfAnOddNumberOfRounds_AreValuesOfRounds()
    {
        var spread = new Spread([5, 1, 4, 2, 3]);

        Assert.Equal((3.0, 2.0, 4.0), (spread.Median, spread.LowerQuartile, spread.UpperQuartile));
        Assert.Equal((1.0, 5.0), (spread.Minimum, spread.Maximum));
    }

    [Fact]
    public void Quantiles_OfAnEvenNumberOfRounds_LieBetweenThem()
    {
        var spread = new Spread([4, 1, 2, 3]);

        Assert.Equal((2.5, 1.75, 3.25), (spread.Median, spread.LowerQuartile, spread.UpperQuartile));
    }

    [Fact]
    public void Quantiles_OfOneRound_AreThatRound()
    {
        var spread = Spread.Once(7);

        Assert.Equal((7.0, 7.0, 7.0), (spread.LowerQuartile, spread.Median, spread.UpperQuartile));
    }

    [Fact]
    public void Over_OfTwoCases_DividesRoundByRound()
    {
        // The second round was disturbed as a whole: the ratio does not show it.
        var ratio = new Spread([2, 20, 2]).Over(new Spread([1, 10, 1]));

        Assert.Equal([2.0, 2.0, 2.0], ratio.Values);
    }

    [Fact]
    public void Over_OfOtherRounds_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new Spread([1, 2]).Over(new Spread([1])));
}
