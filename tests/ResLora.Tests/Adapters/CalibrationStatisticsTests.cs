using ResLora.Adapters;
using ResLora.Formats.Errors;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

public sealed class CalibrationStatisticsTests
{
    [Fact]
    public void Record_ManyBatches_KeepsTheMeanOfTheLast()
    {
        using var scope = NewDisposeScope();
        var statistics = new CalibrationStatistics(window: 2);

        foreach (var size in new[] { 9.0, 1, 3 })
        {
            // Four numbers of one size: a norm of twice the size.
            statistics.Record("q", full([1, 2, 2], size), full([1, 2, 1], size), tokenMask: null);
        }

        Assert.Equal(4, statistics.InputNorm("q"), 1e-6);
        Assert.Equal(2 * Math.Sqrt(2), statistics.LowNorm("q"), 1e-6);
        Assert.Equal([2, 6], statistics.InputNorms["q"]);
    }

    [Fact]
    public void Record_WithMask_LeavesPaddingOut()
    {
        using var scope = NewDisposeScope();
        var statistics = new CalibrationStatistics();

        statistics.Record("q", ones(2, 3, 4), null, tensor(new long[,] { { 1, 1, 0 }, { 0, 0, 1 } }));

        Assert.Equal(Math.Sqrt(3 * 4), statistics.InputNorm("q"), 1e-6);
        Assert.Empty(statistics.LowNorms);
    }

    [Fact]
    public void InputNorm_NothingGathered_Throws()
    {
        var statistics = new CalibrationStatistics();

        var error = Assert.Throws<ConfigException>(() => statistics.InputNorm("q"));

        Assert.Contains("'q'", error.Message, StringComparison.Ordinal);
        Assert.True(statistics.IsEmpty);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void InputNorm_UselessNumbers_Throw(double value)
    {
        var statistics = new CalibrationStatistics();
        statistics.Restore("q", [value], [value]);

        Assert.Throws<ConfigException>(() => statistics.InputNorm("q"));
        Assert.Throws<ConfigException>(() => statistics.LowNorm("q"));
    }

    [Fact]
    public void Restore_Twice_ReplacesWhatWasThere()
    {
        var statistics = new CalibrationStatistics(window: 3);

        statistics.Restore("q", [1, 2], [5]);
        statistics.Restore("q", [3, 4, 5, 6], []);

        Assert.Equal([4, 5, 6], statistics.InputNorms["q"]);
        Assert.False(statistics.LowNorms.ContainsKey("q"));
    }
}
