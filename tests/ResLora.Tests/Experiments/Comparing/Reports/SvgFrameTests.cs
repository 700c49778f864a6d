using ResLora.Experiments.Comparing.Reports;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing.Reports;

public sealed class SvgFrameTests
{
    [Fact]
    public void TicksLeft_FromALittleBelowZero_WritesNoMinusZero()
    {
        var frame = new SvgFrame("a chart", (0, 1), (-0.03, 2));

        frame.TicksLeft("loss");

        var svg = frame.Close();
        Assert.Contains(">0</text>", svg, StringComparison.Ordinal);
        Assert.DoesNotContain(">-0</text>", svg, StringComparison.Ordinal);
    }
}
