using ResLora.Experiments.Plots;
using ScottPlot;
using Xunit;

namespace ResLora.Tests.Experiments.Plots;

public sealed class PictureTests
{
    [Fact]
    public void ColorOf_TheSevenProjectionsOfALayer_AreDifferent() =>
        Assert.Equal(7, Enumerable.Range(0, 7).Select(Picture.ColorOf).Distinct().Count());

    [Theory]
    [InlineData(0.01, 2.0, true)]
    [InlineData(0.52, 0.53, false)]
    [InlineData(6.0, 7.0, false)]
    public void Label_OfValues_StartsTheAxisWhereTheyDiffer(double least, double most, bool atZero)
    {
        using var plot = new Plot();
        double[] steps = [1, 2];
        double[] values = [most, least];
        plot.Add.ScatterLine(steps, values);

        Picture.Label(plot, "t", "x", "y");

        var limits = plot.Axes.GetLimits();
        Assert.Equal(atZero, limits.Bottom == 0);
        Assert.True(limits.Bottom <= least && limits.Top >= most);
        Assert.True(most - least > (limits.Top - limits.Bottom) / 2, "the values fill less than half of the picture");
    }
}
