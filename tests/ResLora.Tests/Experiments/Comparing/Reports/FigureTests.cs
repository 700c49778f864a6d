using ResLora.Experiments.Comparing.Reports;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing.Reports;

public sealed class FigureTests
{
    // Student's t of two degrees of freedom at 97.5 %, by tables.
    private const double T = 4.302653;
    private const double Tolerance = 1e-5;

    [Fact]
    public void Of_ThreeValues_HasStudentsInterval()
    {
        var figure = Figure.Of([1, 2, 3]);

        Assert.Equal(2, figure.Mean);
        Assert.Equal(2 - (T / Math.Sqrt(3)), figure.Low!.Value, Tolerance);
        Assert.Equal(2 + (T / Math.Sqrt(3)), figure.High!.Value, Tolerance);
    }

    [Fact]
    public void Of_ValuesThatCannotBeNegative_DoesNotReachBelow()
    {
        var figure = Figure.Of([1, 2, 3], least: 0);

        Assert.Equal(0, figure.Low);
        Assert.Equal("2.0 (0.0 to 4.5)", FigureText.Of(figure, FigureStyle.Short));
    }

    [Fact]
    public void Of_Shares_StaysBetweenNoneAndAll()
    {
        var figure = Figure.Of([0, 0.5, 1], (0, 1));

        Assert.Equal(0, figure.Low);
        Assert.Equal(1, figure.High);
    }

    [Theory]
    [InlineData(null, "2, never")]
    [InlineData(double.NaN, "2, not a number")]
    public void Of_AValueThatIsNone_HasNoMeanAndSaysWhatThereIs(double? second, string expected)
    {
        var figure = Figure.Of([2, second]);

        Assert.Null(figure.Mean);
        Assert.Equal(expected, FigureText.Of(figure, FigureStyle.Count));
    }

    [Fact]
    public void Of_OneValue_HasNoInterval() => Assert.Equal("2.0000", FigureText.Of(Figure.Of([2]), FigureStyle.Number));
}
