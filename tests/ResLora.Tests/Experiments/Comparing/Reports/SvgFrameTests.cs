using System.Globalization;
using System.Xml.Linq;
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

    [Fact]
    public void Line_BeyondTheFrame_IsCutAtItsEdgeAndNotLaidAlongIt()
    {
        var frame = new SvgFrame("a chart", (0, 2), (0, 1));

        frame.Line(0, [(0, 3), (2, 1)]);

        var path = XDocument.Parse(frame.Close()).Descendants("path").Single(part => (string?)part.Attribute("data-s") == "0");
        var inside = path.Parent!;
        var ends = ((string)path.Attribute("d")!).Split('M', 'L', ' ').Skip(1)
            .Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal("svg", inside.Name.LocalName);
        Assert.Equal($"{inside.Attribute("x")!.Value} {inside.Attribute("y")!.Value} {inside.Attribute("width")!.Value} "
            + inside.Attribute("height")!.Value, inside.Attribute("viewBox")!.Value);
        var (top, height) = ((double)inside.Attribute("y")!, (double)inside.Attribute("height")!);
        Assert.Equal(top - (2 * height), ends[1]);
        Assert.Equal(top, ends[3]);
    }
}
