using ResLora.Models.Fused;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

public sealed class FusedGateTests : KernelTests
{

    [Theory]
    [InlineData(16, 1)]
    [InlineData(80, 1)]
    [InlineData(176, 30)]   // σ is 0 or 1 for many
    public void Apply_ValueAndGradients_AreOneRoundingFromFloat32(int width, double deviation)
    {
        var (gate, up, above) = Inputs(width, deviation);

        var expected = KernelCheck.Run(float32, Plain, above, gate, up);
        var actual = KernelCheck.Run(bfloat16, Fused, above, gate, up);

        Assert.All(expected.Zip(actual), pair => KernelCheck.AssertElements(pair.First, pair.Second));
    }

    [Fact]
    public void Apply_StridedInputs_AreReadInTheirOrder()
    {
        var (gate, up, above) = Inputs(48, 1);

        var expected = KernelCheck.Run(float32, x => Plain([x[0].transpose(0, 1), x[1].transpose(0, 1)]).transpose(0, 1), above, gate, up);
        var actual = KernelCheck.Run(bfloat16, x => Fused([x[0].transpose(0, 1), x[1].transpose(0, 1)]).transpose(0, 1), above, gate, up);

        Assert.All(expected.Zip(actual), pair => KernelCheck.AssertElements(pair.First, pair.Second));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Apply_NotANumber_StaysWhereItIs(int input)
    {
        var (gate, up, above) = Inputs(32, 1);
        (input == 0 ? gate : up)[1, 2, 17] = float.NaN;

        var actual = KernelCheck.Run(bfloat16, Fused, above, gate, up);

        var expected = zeros_like(gate, dtype: ScalarType.Bool);
        expected[1, 2, 17] = true;
        Assert.True(KernelCheck.Same(expected, actual[0].isnan()));
        Assert.True(KernelCheck.Same(expected, actual[1].isnan()));
    }

    [Fact]
    public void Apply_HugeGate_OverflowsAsLibtorchDoes()
    {
        var gate = tensor([-3e38f, -1000, -90, -87, 87, 90, 1000, 3e38f, 0, 1, 2, 3, 4, 5, 6, 7]).to(bfloat16).unsqueeze(0);
        var ones = ones_like(gate);

        var expected = KernelCheck.Run(float32, Plain, ones, gate, ones);
        var actual = KernelCheck.Run(bfloat16, Fused, ones, gate, ones);

        Assert.All(actual, tensor => Assert.False(tensor.isnan().any().item<bool>()));
        Assert.Equal(expected[0].to(bfloat16).to(float32).data<float>().ToArray()[4..8], actual[0].data<float>().ToArray()[4..8]);
        Assert.All(actual[0].data<float>().ToArray()[..4], x => Assert.Equal(0, x, 1e-35));
    }

    [Fact]
    public void Apply_OneOrTwoThreads_GivesTheSameBits()
    {
        var (gate, up, above) = Inputs(64, 1);

        KernelCheck.AssertThreadsDoNotMatter(() => KernelCheck.Run(bfloat16, Fused, above, gate, up));
    }

    private static (Tensor Gate, Tensor Up, Tensor Above) Inputs(int width, double deviation) =>
        (KernelCheck.Random(1, deviation, 3, 5, width), KernelCheck.Random(2, 1, 3, 5, width), KernelCheck.Random(3, 1, 3, 5, width));

    private static Tensor Plain(Tensor[] x) => nn.functional.silu(x[0]) * x[1];

    private static Tensor Fused(Tensor[] x) => FusedGate.Apply(x[0], x[1]);
}
