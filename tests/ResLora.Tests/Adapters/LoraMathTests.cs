using ResLora.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

public sealed class LoraMathTests
{
    private const double Tolerance = 1e-5;   // float32: both sides sum in another order

    [Theory]
    [InlineData(16, 8, false, 2.0)]
    [InlineData(6, 4, false, 1.5)]
    [InlineData(16, 4, true, 8.0)]
    [InlineData(1, 1, true, 1.0)]
    public void Scaling_OfAlphaAndRank_IsTheirRatio(double alpha, int rank, bool rankStabilized, double expected) =>
        Assert.Equal(expected, LoraMath.Scaling(alpha, rank, rankStabilized));

    [Fact]
    public void Dot_TwoUpdates_IsTheSumOfTheProductsOfTheirElements()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        LoraPair first = new(randn(2, 5), randn(4, 2), 1.5), second = new(randn(3, 5), randn(4, 3), 0.5);

        var dot = LoraMath.Dot(first, second);

        Assert.Equal((LoraMath.DeltaWeight(first) * LoraMath.DeltaWeight(second)).sum().item<float>(), dot, 1e-4);
    }

    [Fact]
    public void Delta_SmallArrays_EqualsLoops()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        Tensor x = randn(2, 3, 5), a = randn(2, 5), b = randn(4, 2);

        var actual = LoraMath.Delta(x, new LoraPair(a, b, 1.5));

        Assert.Equal([2, 3, 4], actual.shape);
        for (var i = 0; i < 2; i++)
        {
            for (var t = 0; t < 3; t++)
            {
                for (var o = 0; o < 4; o++)
                {
                    var sum = 0.0;
                    for (var r = 0; r < 2; r++)
                    {
                        for (var d = 0; d < 5; d++)
                        {
                            sum += 1.5 * b[o, r].item<float>() * a[r, d].item<float>() * x[i, t, d].item<float>();
                        }
                    }

                    Assert.Equal(sum, actual[i, t, o].item<float>(), Tolerance);
                }
            }
        }
    }

    [Fact]
    public void Delta_Gradients_EqualCentralDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(2);
        Tensor x = GradientCheck.Leaf(1, 2, 4), a = GradientCheck.Leaf(2, 4), b = GradientCheck.Leaf(3, 2);

        GradientCheck.Run(() => LoraMath.Delta(x, new LoraPair(a, b, 0.7)), x, a, b);
    }

    [Fact]
    public void Delta_IsUpOfDown()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        var x = randn(2, 3, 5);
        var lora = new LoraPair(randn(2, 5), randn(4, 2), 3);

        var actual = LoraMath.Up(LoraMath.Down(x, lora), lora);

        Assert.Equal(0, TinyAdapters.Distance(LoraMath.Delta(x, lora), actual));
    }

    [Fact]
    public void Down_WithDropout_KeepsOrDropsWholeNumbers()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(4);
        var x = ones(1, 100, 8);
        var identity = new LoraPair(eye(8), eye(8), 1);

        var kept = LoraMath.Down(x, identity, dropout: 0.25);

        // Kept numbers are divided by the share that is kept, so that the mean stays.
        var values = kept.data<float>().ToArray();
        Assert.All(values, v => Assert.True(v == 0 || Math.Abs(v - 1 / 0.75) < 1e-6, $"{v}"));
        Assert.InRange(values.Count(v => v == 0), 150, 250);
    }

    [Fact]
    public void Down_BFloat16Activations_KeepsTheirDtype()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        var lora = new LoraPair(randn(2, 8), randn(8, 2), 1);

        var delta = LoraMath.Delta(randn(1, 3, 8).to(bfloat16), lora);

        Assert.Equal(bfloat16, delta.dtype);
        Assert.Equal(float32, lora.A.dtype);
    }

    [Fact]
    public void DeltaWeight_SmallArrays_EqualsLoops()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(6);
        Tensor a = randn(2, 5), b = randn(4, 2);

        var actual = LoraMath.DeltaWeight(new LoraPair(a, b, 2));

        for (var o = 0; o < 4; o++)
        {
            for (var d = 0; d < 5; d++)
            {
                var expected = 2.0 * (b[o, 0].item<float>() * a[0, d].item<float>() + b[o, 1].item<float>() * a[1, d].item<float>());
                Assert.Equal(expected, actual[o, d].item<float>(), Tolerance);
            }
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void MergedWeight_LeavesTheWeightAndRoundsOnce(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(7);
        var weight = randn(6, 4).to(dtype);
        var before = weight.clone();
        var lora = new LoraPair(randn(2, 4), randn(6, 2), 0.5);

        var merged = LoraMath.MergedWeight(weight, lora);

        Assert.Equal(dtype, merged.dtype);
        Assert.False(merged.requires_grad);
        Assert.True(weight.equal(before).all().item<bool>());
        // The sum in float32, rounded once: bit for bit.
        var expected = (weight.to(float32) + (lora.B.matmul(lora.A) * 0.5)).to(dtype);
        Assert.True(merged.equal(expected).all().item<bool>());
        // Rounding the update by itself and then the sum gives other bits, so that the comparison would see it.
        var twice = weight + (lora.B.matmul(lora.A) * 0.5).to(dtype);
        Assert.Equal(dtype == ScalarType.Float32, merged.equal(twice).all().item<bool>());
    }

    [Fact]
    public void Initial_AIsBoundedAndBIsZero()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);

        var (a, b) = LoraMath.Initial(outFeatures: 10, inFeatures: 64, rank: 16, generator);

        Assert.Equal([16, 64], a.shape);
        Assert.Equal([10, 16], b.shape);
        Assert.True(a.abs().max().item<float>() <= 1 / 8.0);
        Assert.True(a.abs().max().item<float>() > 0.9 / 8.0);
        // Uniform on ±1/8: standard deviation 1 / (8 √3).
        Assert.Equal(1 / (8 * Math.Sqrt(3)), a.std().item<float>(), 0.005);
        Assert.Equal(0, b.abs().max().item<float>());
    }

    [Fact]
    public void Initial_SameSeed_GivesTheSameNumbers()
    {
        using var scope = NewDisposeScope();
        using var first = new Generator(3, CPU);
        using var second = new Generator(3, CPU);
        using var other = new Generator(4, CPU);

        var a = LoraMath.Initial(4, 8, 2, first).A;

        Assert.Equal(0, TinyAdapters.Distance(a, LoraMath.Initial(4, 8, 2, second).A));
        Assert.NotEqual(0, TinyAdapters.Distance(a, LoraMath.Initial(4, 8, 2, other).A));
    }

    [Fact]
    public void Delta_Temporaries_AreFreed()
    {
        using var scope = NewDisposeScope();
        var x = randn(2, 3, 4);
        var lora = new LoraPair(randn(2, 4), randn(4, 2), 1);

        var growth = LiveTensors.Growth(() => LoraMath.Delta(x, lora, dropout: 0.5));

        Assert.Equal(1, growth);
    }
}
