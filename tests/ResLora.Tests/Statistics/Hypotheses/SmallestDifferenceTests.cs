using ResLora.Formats.Errors;
using ResLora.Statistics.Hypotheses;
using Xunit;

namespace ResLora.Tests.Statistics.Hypotheses;

/// <summary>Values by SciPy 1.17: the shift at which nct.sf(c) + nct.cdf(−c) is 0.8.</summary>
public sealed class SmallestDifferenceTests
{
    [Theory]
    [InlineData(3, 3.264043549699573)]
    [InlineData(5, 1.681996965955318)]
    [InlineData(10, 0.9960013714554681)]
    [InlineData(100, 0.2829126327813867)]
    [InlineData(3000, 0.0511660381883663)]
    public void Of_SomePairs_EqualsSciPy(int pairs, double expected) =>
        Assert.Equal(1, SmallestDifference.Of(2, pairs) / (2 * expected), 1e-7);

    [Fact]
    public void Of_OnePairOrNoSpread_HasNoneOrZero()
    {
        Assert.Equal(double.NaN, SmallestDifference.Of(1, 1));
        Assert.Equal(0, SmallestDifference.Of(0, 5));
    }

    [Fact]
    public void Of_MorePowerOrFewerAlarms_IsLarger()
    {
        var usual = SmallestDifference.Of(1, 5);

        Assert.True(SmallestDifference.Of(1, 5, power: 0.95) > usual);
        Assert.True(SmallestDifference.Of(1, 5, significance: 0.05 / 7) > usual);
        Assert.Throws<ConfigException>(() => SmallestDifference.Of(1, 5, significance: 0.9));
    }
}
