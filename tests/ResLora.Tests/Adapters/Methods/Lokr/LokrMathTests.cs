using ResLora.Adapters.Methods.Lokr;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.Lokr;

public sealed class LokrMathTests
{
    private const double Tolerance = 1e-5;   // float32: sums in another order, of numbers of about 1

    [Theory]   // as LyCORIS' factorization, which PEFT has taken over, gives them
    [InlineData(250, -1, 10, 25)]
    [InlineData(512, -1, 16, 32)]
    [InlineData(127, -1, 1, 127)]
    [InlineData(128, -1, 8, 16)]
    [InlineData(360, -1, 18, 20)]
    [InlineData(1024, -1, 32, 32)]
    [InlineData(1, -1, 1, 1)]
    [InlineData(128, 2, 2, 64)]
    [InlineData(128, 16, 16, 8)]
    [InlineData(250, 4, 2, 125)]
    [InlineData(360, 16, 15, 24)]
    [InlineData(127, 8, 1, 127)]
    public void Factors_ManyNumbers_AreThoseOfPeft(long number, int wanted, long first, long second) =>
        Assert.Equal((first, second), LokrMath.Factors(number, wanted));

    [Fact]
    public void DeltaWeight_Always_IsTheKroneckerProductByLoops()
    {
        using var scope = NewDisposeScope();
        Tensor u = randn(2, 3), v = randn(4, 5);

        var delta = LokrMath.DeltaWeight(u, v, 0.75);

        Assert.Equal([8, 15], delta.shape);
        for (var o = 0; o < 8; o++)
        {
            for (var d = 0; d < 15; d++)
            {
                Assert.Equal(0.75 * u[o / 4, d / 5].item<float>() * v[o % 4, d % 5].item<float>(), delta[o, d].item<float>(), Tolerance);
            }
        }
    }

    [Fact]
    public void DeltaWeight_AKernelOfOneDimension_IsLaidOutAsPeftHasIt()
    {
        using var scope = NewDisposeScope();
        Tensor u = randn(2, 3), v = randn(4, 5, 2);

        var delta = LokrMath.DeltaWeight(u, v, 0.75);

        // PEFT multiplies U and V as libtorch does, which fits a missing axis in front, and gives the result the shape of the weight.
        Assert.InRange(TinyAdapters.Distance(kron(u * 0.75, v).reshape(8, 30), delta), 0, Tolerance);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Apply_AnyInput_IsTheProductWithDeltaWeight(bool isWhole)
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(2, 7, 15), u = randn(2, 3);
        Tensor[] v = isWhole ? [randn(4, 5)] : [randn(4, 2), randn(2, 5)];

        var product = LokrMath.Apply(x, u, v, 0.75);

        var delta = LokrMath.DeltaWeight(u, isWhole ? v[0] : v[0].matmul(v[1]), 0.75);
        Assert.InRange(TinyAdapters.Distance(x.matmul(delta.t()), product), 0, Tolerance);
    }

    [Fact]
    public void Gradients_OfAllFactors_AreThoseOfDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(4);
        Tensor Leaf(params long[] shape) => GradientCheck.Leaf(shape);

        foreach (var factors in new Tensor[][] { [Leaf(3, 2)], [Leaf(3, 1), Leaf(1, 2)] })
        {
            Tensor x = Leaf(2, 6), u = Leaf(2, 3);
            GradientCheck.Run(() => LokrMath.Apply(x, u, factors, 0.75), [x, u, .. factors]);
        }

        Tensor whole = Leaf(2, 3), v = Leaf(3, 2);
        GradientCheck.Run(() => LokrMath.DeltaWeight(whole, v, 0.75), whole, v);
    }
}
