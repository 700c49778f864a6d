using ResLora.Models.Blocks;
using ResLora.Models.Fused;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

public sealed class FusedRmsNormTests : KernelTests
{
    private const double Epsilon = 1e-3;   // large enough to be seen

    [Theory]
    [InlineData(16)]
    [InlineData(80)]
    [InlineData(576)]
    public void Apply_ValueAndGradient_AreOneRoundingFromFloat32(int width)
    {
        var (x, weight, above) = Inputs(width);

        var expected = KernelCheck.Run(float32, leaves => Plain(leaves[0], weight), above, x);
        var actual = KernelCheck.Run(bfloat16, leaves => FusedRmsNorm.Apply(leaves[0], weight, Epsilon), above, x);

        KernelCheck.AssertElements(expected[0], actual[0]);
        KernelCheck.AssertElements(expected[1], actual[1]);
    }

    [Fact]
    public void Apply_StridedInputAndGradient_AreReadInTheirOrder()
    {
        var (x, weight, above) = Inputs(48);

        var expected = KernelCheck.Run(float32, leaves => Plain(leaves[0].transpose(0, 1), weight).transpose(0, 1), above, x);
        var actual =
            KernelCheck.Run(bfloat16, leaves => FusedRmsNorm.Apply(leaves[0].transpose(0, 1), weight, Epsilon).transpose(0, 1), above, x);

        KernelCheck.AssertElements(expected[0], actual[0]);
        KernelCheck.AssertElements(expected[1], actual[1]);
    }

    [Fact]
    public void Apply_NotANumber_SpoilsItsRowAndNoOther()
    {
        var (x, weight, above) = Inputs(32);
        x[1, 2, 17] = float.NaN;

        var actual = KernelCheck.Run(bfloat16, leaves => FusedRmsNorm.Apply(leaves[0], weight, Epsilon), above, x);

        var expected = zeros_like(x, dtype: ScalarType.Bool);
        expected[1, 2] = true;
        Assert.All(actual, tensor => Assert.True(KernelCheck.Same(expected, tensor.isnan())));
    }

    [Fact]
    public void Apply_OneOrTwoThreads_GivesTheSameBits()
    {
        var (x, weight, above) = Inputs(64);

        KernelCheck.AssertThreadsDoNotMatter(
            () => KernelCheck.Run(bfloat16, leaves => FusedRmsNorm.Apply(leaves[0], weight, Epsilon), above, x));
    }

    [Fact]
    public void Forward_TrainedWeight_GetsItsGradientByLibtorch()
    {
        var (x, weight, above) = Inputs(32);
        using var norm = new RmsNorm(32, Epsilon) { Weight = new Parameter(weight) };

        (norm.call(x) * above).sum().backward();

        Assert.True(norm.Weight.grad!.abs().max().to(float32).item<float>() > 0);
    }

    private static (Tensor X, Tensor Weight, Tensor Above) Inputs(int width) =>
        (KernelCheck.Random(1, 1.5, 3, 5, width), KernelCheck.Random(2, 1, width), KernelCheck.Random(3, 1, 3, 5, width));

    private static Tensor Plain(Tensor x, Tensor weight) =>
        x * (x.square().mean([-1], keepdim: true) + Epsilon).rsqrt() * weight.to(float32);
}
