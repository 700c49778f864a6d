using ResLora.Experiments.Judging;
using Xunit;

namespace ResLora.Tests.Experiments.Judging;

public sealed class LabelShareTests
{
    [Theory]
    [InlineData(8, 10, 0.49016, 0.94332)]   // statsmodels: proportion_confint(8, 10, method="wilson")
    [InlineData(0, 20, 0, 0.16113)]
    [InlineData(20, 20, 0.83887, 1)]
    public void Of_Count_HasWilsonsInterval(int count, int total, double low, double high)
    {
        var share = LabelShare.Of("red", count, total);

        Assert.Equal((double)count / total, share.Share);
        Assert.Equal(low, share.Low, 1e-4);
        Assert.Equal(high, share.High, 1e-4);
    }
}
