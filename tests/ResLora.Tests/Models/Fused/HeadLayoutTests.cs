using ResLora.Models.Blocks;
using ResLora.Models.Fused;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

public sealed class HeadLayoutTests : KernelTests
{
    private const int Heads = 3;

    public static TheoryData<int> Sizes => [32, 64, 128];

    /// <summary>The angles of the first positions, [T, E].</summary>
    internal static RotaryAngles Angles(int size, params int[] lengths)
    {
        var frequencies = tensor(Enumerable.Range(0, size / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / size)).ToArray());
        return RotaryEmbedding.Angles(frequencies, tensor(lengths.SelectMany(length => Enumerable.Range(0, length)).Select(p => (float)p).ToArray()));
    }

    private static HeadLayout Layout(int size, params int[] lengths) => new(size, lengths, Pair(Angles(size, lengths)));

    private static (Tensor Cos, Tensor Sin) Pair(RotaryAngles angles) => (angles.Cos, angles.Sin);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ToHeads_NoTurn_IsATransposeThereAndBack(int size)
    {
        var x = KernelCheck.Random(1, 1, 7, Heads * size);
        var layout = Layout(size, 7);

        var heads = layout.ToHeads(x, HeadLayout.Turn.None);
        var back = layout.ToTokens(heads, HeadLayout.Turn.None);

        Assert.True(KernelCheck.Same(x.view(7, Heads, size).transpose(0, 1), heads.view(Heads, 7, size)));
        Assert.True(KernelCheck.Same(x, back));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ToHeads_TurnAndScale_AreOneRoundingFromRotate(int size)
    {
        var x = KernelCheck.Random(1, 1, 7, Heads * size);
        var angles = Angles(size, 7);
        var expected = RotaryEmbedding.Rotate(x.to(float32).view(1, 7, Heads, size).transpose(1, 2), angles).squeeze(0) * 0.3;

        var actual = new HeadLayout(size, [7], Pair(angles)).ToHeads(x, HeadLayout.Turn.Forward, 0.3f);

        KernelCheck.AssertElements(expected, actual.to(float32).view(Heads, 7, size));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ToTokens_TurnBack_IsTheGradientOfRotate(int size)
    {
        var above = KernelCheck.Random(1, 1, Heads, 7, size);
        var angles = Angles(size, 7);
        var leaf = zeros(1, 7, Heads, size).requires_grad_();
        (RotaryEmbedding.Rotate(leaf.transpose(1, 2), angles) * above.to(float32)).sum().backward();

        var actual = new HeadLayout(size, [7], Pair(angles)).ToTokens(above.view(7, -1), HeadLayout.Turn.Backward);

        KernelCheck.AssertElements(leaf.grad!.view(7, -1), actual.to(float32));
    }

    [Fact]
    public void ToTokens_TurnThereAndBack_IsTwoRoundingsFromTheStart()
    {
        var x = KernelCheck.Random(1, 1, 7, Heads * 64);
        var layout = Layout(64, 7);

        var heads = layout.ToHeads(x, HeadLayout.Turn.Forward);
        var back = layout.ToTokens(heads, HeadLayout.Turn.Backward);

        Assert.False(KernelCheck.Same(x.view(7, Heads, 64).transpose(0, 1), heads.view(Heads, 7, 64)));
        Assert.InRange(KernelCheck.Distance(x, back), 0, 2 * KernelCheck.Rounding);
    }

    [Fact]
    public void ToHeads_MoreTokensThanAngles_BeginAnew()
    {
        var x = KernelCheck.Random(1, 1, 5, Heads * 32);
        var angles = Pair(Angles(32, 5));

        var actual = new HeadLayout(32, [5, 5], angles).ToHeads(cat([x, x]), HeadLayout.Turn.Forward);

        Assert.True(KernelCheck.Same(actual.narrow(0, 0, 5), actual.narrow(0, 5, 5)));
        Assert.True(KernelCheck.Same(new HeadLayout(32, [5], angles).ToHeads(x, HeadLayout.Turn.Forward), actual.narrow(0, 5, 5)));
    }

    [Fact]
    public void ToHeads_SeveralTexts_LieOneBehindAnother()
    {
        var (first, second) = (KernelCheck.Random(1, 1, 3, Heads * 32), KernelCheck.Random(2, 1, 17, Heads * 32));
        var layout = Layout(32, 3, 17);

        var both = layout.ToHeads(cat([first, second]), HeadLayout.Turn.Forward);

        Assert.True(KernelCheck.Same(Layout(32, 3).ToHeads(first, HeadLayout.Turn.Forward), both.narrow(0, 0, 3)));
        Assert.True(KernelCheck.Same(Layout(32, 17).ToHeads(second, HeadLayout.Turn.Forward), both.narrow(0, 3, 17)));
    }

    [Theory]
    [InlineData(3, 19)]
    [InlineData(19, 3)]
    public void ToHeads_NotANumber_SpoilsItsPairOnly(int place, int partner)
    {
        var x = KernelCheck.Random(1, 1, 5, Heads * 32);
        x[2, 32 + place] = float.NaN;

        var spoiled = Layout(32, 5).ToHeads(x, HeadLayout.Turn.Forward).view(Heads, 5, 32).isnan();

        Assert.Equal(2, spoiled.sum().item<long>());
        Assert.True(spoiled[1, 2, place].item<bool>() && spoiled[1, 2, partner].item<bool>());
    }

    [Fact]
    public void ToHeadsAndToTokens_OneOrTwoThreads_GiveTheSameBits()
    {
        var x = KernelCheck.Random(1, 1, 17, Heads * 64);
        var layout = Layout(64, 17);

        KernelCheck.AssertThreadsDoNotMatter(() =>
        {
            var heads = layout.ToHeads(x, HeadLayout.Turn.Forward, 0.5f);
            return [heads, layout.ToTokens(heads, HeadLayout.Turn.Backward)];
        });
    }
}
