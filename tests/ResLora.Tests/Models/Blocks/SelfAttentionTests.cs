using ResLora.Models;
using ResLora.Models.Blocks;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Blocks;

public sealed class SelfAttentionTests
{
    private const int Width = 16;
    private const double Rounding = 0.02;   // of the largest number: bfloat16 has eight bits, and some ten roundings follow each other

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Forward_InBfloat16_IsFloat32ToItsPrecisionAndSoAreItsGradients(bool byProducts)
    {
        using var scope = NewDisposeScope();
        var (wanted, wantedGradient) = WithGradient(byProducts, ScalarType.Float32);

        var (found, foundGradient) = WithGradient(byProducts, ScalarType.BFloat16);

        Assert.InRange(TinyAdapters.Distance(wanted, found), 0, Rounding * wanted.abs().max().item<float>());
        Assert.InRange(TinyAdapters.Distance(wantedGradient, foundGradient), 0, Rounding * wantedGradient.abs().max().item<float>());
    }

    [Fact]
    public void Forward_InBfloat16ByProducts_DropsOutInTrainingOnly()
    {
        using var scope = NewDisposeScope();
        using var attention = Create(byProducts: true, ScalarType.BFloat16, dropout: 0.5);
        using var x = Input(ScalarType.BFloat16);
        random.manual_seed(3);

        var (first, second) = (attention.Forward(x, mask: null), attention.Forward(x, mask: null));
        attention.train();
        var (third, fourth) = (attention.Forward(x, mask: null), attention.Forward(x, mask: null));

        Assert.Equal(0, TinyAdapters.Distance(first, second));
        Assert.NotEqual(0, TinyAdapters.Distance(third, fourth));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Forward_AgainAndAgain_LeavesNothingBehind(bool byProducts)
    {
        using var attention = Create(byProducts, ScalarType.BFloat16);
        using var x = Input(ScalarType.BFloat16);
        attention.Forward(x, mask: null).Dispose();

        Assert.Equal(0, LiveTensors.Growth(() => attention.Forward(x, mask: null).Dispose()));
    }

    private static (Tensor Output, Tensor Gradient) WithGradient(bool byProducts, ScalarType type)
    {
        using var attention = Create(byProducts, type);
        using var x = Input(type).requires_grad_();
        var output = attention.Forward(x, mask: null);
        (output * Input(type)).sum().backward();
        return (output.detach(), x.grad!);
    }

    private static SelfAttention Create(bool byProducts, ScalarType type, double dropout = 0)
    {
        var attention = new SelfAttention(Width, heads: 2, dropout, bias: true, byProducts);
        ModelWeights.Initialize(attention, 0.3, seed: 1, type, CPU);
        attention.eval();
        return attention;
    }

    private static Tensor Input(ScalarType type)
    {
        using var generator = new Generator(2, CPU);
        return randn([3, 7, Width], generator: generator).to(type);
    }
}
