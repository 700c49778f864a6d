using ResLora.Models.Diffusion.Sampling;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.Sampling;

public sealed class GuidanceTests
{
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 5)]
    [InlineData(7.5, 24.5)]
    public void Apply_AnyScale_GoesOnFromWithoutToWith(double scale, double expected)
    {
        using var scope = NewDisposeScope();

        var guided = Guidance.Apply(tensor([2.0]), tensor([5.0]), scale);

        Assert.Equal(expected, guided.item<double>(), 1e-12);
    }
}
