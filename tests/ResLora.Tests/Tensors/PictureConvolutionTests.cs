using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors;

public sealed class PictureConvolutionTests
{
    private const double Tolerance = 1e-5;   // float32 by another order of operations

    [Theory]
    [InlineData(4, 20, 3, 1, 1)]
    [InlineData(16, 4, 3, 2, 1)]
    [InlineData(5, 16, 1, 1, 0)]
    [InlineData(12, 8, 3, 2, 0)]
    public void Forward_AnyChannels_IsTheConvolutionByBruteForce(long inputs, long outputs, long kernel, long stride, long padding)
    {
        using var scope = NewDisposeScope();
        using var layer = Filled(inputs, outputs, kernel, stride, padding);
        var x = rand([2, inputs, 7, 6], generator: new Generator(2, CPU));

        var y = layer.call(x);

        // Each window of the input as a column, times the weight as a matrix.
        var columns = nn.functional.unfold(x, kernel, 1, padding, stride);                   // [B, Cin · K · K, Y' · X']
        var expected = layer.weight!.flatten(1).matmul(columns) + layer.bias!.view(1, -1, 1);   // [B, Cout, Y' · X']
        Assert.Equal(0, TinyAdapters.Distance(expected.view(y.shape), y), Tolerance);
    }

    [Fact]
    public void Backward_OfTheInput_IsTheTransposedConvolution()
    {
        using var scope = NewDisposeScope();
        using var layer = Filled(12, 4, 3, 1, 1);
        var x = rand([2, 12, 5, 5], generator: new Generator(2, CPU)).requires_grad_();

        layer.call(x).sum().backward();

        var columns = layer.weight!.flatten(1).t().matmul(ones([2, 4, 25]));   // [B, Cin · K · K, Y · X]
        var expected = nn.functional.fold(columns, 5, 3, 1, 1, 1);
        Assert.Equal(0, TinyAdapters.Distance(expected, x.grad!), Tolerance);
    }

    [Theory]
    [InlineData(12, 4)]
    [InlineData(16, 32)]
    public void Forward_ASinglePicture_IsTheSameAsAmongOthers(long inputs, long outputs)
    {
        using var scope = NewDisposeScope();
        using var layer = Filled(inputs, outputs, 3, 1, 1);
        var x = rand([3, inputs, 6, 6], generator: new Generator(2, CPU));

        var alone = layer.call(x.narrow(0, 1, 1));

        Assert.Equal([1, outputs, 6, 6], alone.shape);
        Assert.Equal(0, TinyAdapters.Distance(layer.call(x).narrow(0, 1, 1), alone), Tolerance);
    }

    [Fact]
    public void Forward_AgainAndAgain_LeavesNothingBehind()
    {
        using var scope = NewDisposeScope();
        using var layer = Filled(4, 20, 3, 1, 1);
        var x = rand([1, 4, 5, 5]);
        layer.call(x).Dispose();

        var growth = LiveTensors.Growth(() => layer.call(x).Dispose());

        Assert.Equal(0, growth);
    }

    private static PictureConvolution Filled(long inputs, long outputs, long kernel, long stride, long padding)
    {
        var layer = new PictureConvolution(inputs, outputs, kernel, stride, padding);
        ModelWeights.Initialize(layer, 0.5, seed: 1, float32, CPU);
        foreach (var parameter in layer.parameters())
        {
            parameter.requires_grad_(false);
        }

        return layer;
    }
}
