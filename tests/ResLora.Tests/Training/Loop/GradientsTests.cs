using ResLora.Training.Loop;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Loop;

public class GradientsTests
{
    [Theory]
    [InlineData(2.5, 1.5f, 2f)]
    [InlineData(5, 3f, 4f)]
    [InlineData(7, 3f, 4f)]
    public void Clip_NormOfFive_ScalesDownOnlyWhatIsTooLong(double maximum, float first, float second)
    {
        using var a = new Parameter(zeros(1, 1)) { grad = full([1, 1], 3f) };
        using var b = new Parameter(zeros(1)) { grad = full([1], 4f) };
        using var without = new Parameter(zeros(1));
        Parameter[] parameters = [a, without, b];

        var norm = Gradients.Norm(parameters);
        Gradients.Clip(parameters, norm, maximum);

        Assert.Equal(5, norm, 6);
        Assert.Equal(first, a.grad!.item<float>(), 1e-6);
        Assert.Equal(second, b.grad!.item<float>(), 1e-6);
    }
}
