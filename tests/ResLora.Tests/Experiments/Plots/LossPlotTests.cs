using System.Buffers.Binary;
using ResLora.Experiments.Plots;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Plots;

public sealed class LossPlotTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public void Write_AnyNumberOfSteps_GivesAPictureOfTheSizePromised(int steps)
    {
        using var folder = new TemporaryFolder();
        var curve = new LossCurve("run", [.. Enumerable.Range(1, steps).Select(step => (step, 1.0 / step))]);

        LossPlot.Write(folder["loss.png"], "Loss", [curve, curve]);

        var png = File.ReadAllBytes(folder["loss.png"]);
        Assert.Equal(0x89504E47u, BinaryPrimitives.ReadUInt32BigEndian(png));
        Assert.Equal(
            (1200, 700), (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20))));
    }
}
