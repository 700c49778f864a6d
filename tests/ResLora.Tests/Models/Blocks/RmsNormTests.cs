using ResLora.Models.Blocks;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Blocks;

public sealed class RmsNormTests
{
    [Fact]
    public void Forward_SmallArrays_EqualsLoops()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        using var norm = new RmsNorm(4, 0.1) { Weight = new Parameter(randn(4)) };
        var x = randn(2, 3, 4);

        var y = norm.call(x);

        for (var i = 0; i < 2; i++)
        {
            for (var t = 0; t < 3; t++)
            {
                var mean = Enumerable.Range(0, 4).Average(d => Math.Pow(x[i, t, d].item<float>(), 2));
                for (var d = 0; d < 4; d++)
                {
                    Assert.Equal(
                        norm.Weight[d].item<float>() * x[i, t, d].item<float>() / Math.Sqrt(mean + 0.1), y[i, t, d].item<float>(), 1e-5);
                }
            }
        }
    }

    [Fact]
    public void Forward_BFloat16_SquaresInFloat32()
    {
        using var scope = NewDisposeScope();
        using var norm = new RmsNorm(256, 1e-6) { Weight = new Parameter(ones(256, dtype: bfloat16)) };

        // 256 squares of 3: summed in bfloat16, whose step is 8 near 2048, they would stop growing.
        var y = norm.call(full([1, 256], 3, dtype: bfloat16));

        Assert.Equal(bfloat16, y.dtype);
        Assert.Equal(1, y[0, 0].to(float32).item<float>());
    }
}
