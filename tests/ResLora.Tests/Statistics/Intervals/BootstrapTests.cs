using ResLora.Formats.Errors;
using ResLora.Statistics.Intervals;
using Xunit;

namespace ResLora.Tests.Statistics.Intervals;

public sealed class BootstrapTests
{
    [Fact]
    public void Both_MeanOfManyValues_AreNearTheNormalInterval()
    {
        double[] values = [.. Enumerable.Range(0, 400).Select(i => Math.Sin(i * 1.7))];
        double mean = values.Average(), half = 1.96 * Math.Sqrt(values.Average(x => (x - mean) * (x - mean)) / 400);

        var (percentile, bca) = (Bootstrap.Percentile(values, x => x.Average()), Bootstrap.Bca(values, x => x.Average()));

        // An end over 10,000 draws is off by 1.4 % of the half-width or so; the rest is that a mean of 400 is not quite normal.
        Assert.All(new[] { percentile, bca }, interval => Assert.Equal(mean - half, interval.Low, 0.06 * half));
        Assert.All(new[] { percentile, bca }, interval => Assert.Equal(mean + half, interval.High, 0.06 * half));
    }

    [Fact]
    public void Bca_SkewedValues_LiesFurtherToTheirTail()
    {
        double[] values = [.. Enumerable.Range(1, 30).Select(i => Math.Exp(i / 8.0))];

        var (percentile, bca) = (Bootstrap.Percentile(values, x => x.Average()), Bootstrap.Bca(values, x => x.Average()));

        Assert.True(bca.Low > percentile.Low && bca.High > percentile.High);
    }

    [Fact]
    public void Both_EqualValues_AreAsSciPyHasThem()
    {
        double[] values = [2, 2, 2];

        Assert.Equal((2.0, 2.0), (Bootstrap.Percentile(values, x => x.Average()).Low, Bootstrap.Percentile(values, x => x.Average()).High));
        Assert.Equal(double.NaN, Bootstrap.Bca(values, x => x.Average()).Low);
    }

    [Fact]
    public void Both_SameSeed_GiveTheSameAndOneValueIsRefused()
    {
        double[] values = [1, 2, 4, 8, 16];

        Assert.Equal(Bootstrap.Percentile(values, x => x.Max(), seed: 3), Bootstrap.Percentile(values, x => x.Max(), seed: 3));
        Assert.Throws<ConfigException>(() => Bootstrap.Bca([1], x => x[0]));
    }
}
