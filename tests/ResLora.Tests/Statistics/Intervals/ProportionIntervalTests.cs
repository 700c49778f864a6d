using ResLora.Formats.Errors;
using ResLora.Statistics.Intervals;
using Xunit;

namespace ResLora.Tests.Statistics.Intervals;

/// <summary>Values by SciPy 1.17: binomtest's proportion_ci.</summary>
public sealed class ProportionIntervalTests
{
    private const double Tolerance = 1e-12;

    [Theory]
    [InlineData(0, 10, 0, 0.27753279986288926, 0, 0.30849710781876294)]
    [InlineData(10, 10, 0.7224672001371109, 1, 0.6915028921812371, 1)]
    [InlineData(3, 7, 0.1582198552514697, 0.7495416354723428, 0.09898827844243689, 0.81594843235993)]
    [InlineData(1, 5000, 3.5305783439365155e-05, 0.0011320890808397361, 5.063548766174134e-06, 0.0011138193803339582)]
    [InlineData(2500, 5000, 0.48614628258320963, 0.5138537174167904, 0.4860443740009038, 0.5139556259990962)]
    public void Both_Shares_EqualSciPy(int successes, int count, double wilsonLow, double wilsonHigh, double exactLow, double exactHigh)
    {
        var (wilson, exact) = (ProportionInterval.Wilson(successes, count), ProportionInterval.ClopperPearson(successes, count));

        Assert.Equal(wilsonLow, wilson.Low, Tolerance);
        Assert.Equal(wilsonHigh, wilson.High, Tolerance);
        Assert.Equal(exactLow, exact.Low, Tolerance);
        Assert.Equal(exactHigh, exact.High, Tolerance);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 2)]
    [InlineData(-1, 2)]
    public void Both_CountsThatDoNotFit_AreRefused(int successes, int count)
    {
        Assert.Throws<ConfigException>(() => ProportionInterval.Wilson(successes, count));
        Assert.Throws<ConfigException>(() => ProportionInterval.ClopperPearson(successes, count));
    }
}
