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
        return RotaryEmbedding.Angles(
            frequencies, tensor(lengths.SelectMany(length => Enumerable.Range(0, length)).Select(p => (float)p).ToArray()));
    }

    private static HeadLayout Layout(int size, params int[] lengths) => new(size, lengths, Pair(Angles(size, lengths)));

    /// <summary>[H, T, E] of one text, without the rows that fill it up.</summary>
    private static Tensor Of(Tensor byHead, HeadLayout layout, int text, int size)
    {
        var place = layout.Texts[text];
        return byHead.narrow(0, place.RowStart, place.Rows).view(Heads, place.Rows, size).narrow(1, 0, place.Length);
    }

    private static (Tensor Cos, Tensor Sin) Pair(RotaryAngles angles) => (angles.Cos, angles.Sin);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ToHeads_NoTurn_IsATransposeThereAndBack(int size)
    {
        var x = KernelCheck.Random(1, 1, 7, Heads * size);
        var layout = Layout(size, 7);

        var heads = layout.ToHeads(x, HeadLayout.Turn.None);
        var back = layout.ToTokens(heads, HeadLayout.Turn.None);

        Assert.True(KernelCheck.Same(x.view(7, Heads, size).transpose(0, 1), Of(heads, layout, 0, size)));
        Assert.True(KernelCheck.Same(x, back));
    }

    [Fact]
    public void ToHeads_HeadsThatShareAKey_StandBlockByBlock()
    {
        const int length = 1090;   // rows: 1,120, blocks of 512, 512 and 96
        var x = KernelCheck.Random(1, 1, length, 6 * 32);
        var layout = Layout(32, length);

        var heads = layout.ToHeads(x, HeadLayout.Turn.Forward, queriesPerKey: 3);
        var back = layout.ToTokens(heads, HeadLayout.Turn.None, queriesPerKey: 3);
        var plain = layout.ToHeads(x, HeadLayout.Turn.Forward).view(2, 3, 1120, 32);

        var byKey = heads.view(2, 3 * 1120, 32);
        Assert.True(KernelCheck.Same(plain.narrow(2, 0, 512).reshape(2, 3 * 512, 32), byKey.narrow(1, 0, 3 * 512)));
        Assert.True(KernelCheck.Same(plain.narrow(2, 512, 512).reshape(2, 3 * 512, 32), byKey.narrow(1, 3 * 512, 3 * 512)));
        Assert.True(KernelCheck.Same(plain.narrow(2, 1024, 96).reshape(2, 3 * 96, 32), byKey.narrow(1, 3 * 1024, 3 * 96)));
        Assert.True(KernelCheck.Same(plain.narrow(2, 0, length).permute(2, 0, 1, 3).reshape(length, -1), back));
    }

    [Theory]
    [InlineData(16, 512)]
    [InlineData(2048, 512)]
    [InlineData(2112, 1024)]
    public void Block_Rows_MakeFourBlocksAtMost(int rows, int expected)
    {
        Assert.Equal(expected, Layout(32, rows).Texts[0].Block);
    }

    [Fact]
    public void ToHeads_RowsThatFillATextUp_AreZero()
    {
        var layout = Layout(32, 7, 16, 1);

        var heads = layout.ToHeads(ones(24, Heads * 32, dtype: bfloat16), HeadLayout.Turn.None);

        Assert.Equal([(0, 16), (16, 16), (32, 16)], layout.Texts.Select(text => (text.RowStart, text.Rows)));
        Assert.Equal([48, Heads * 32], heads.shape);
        Assert.Equal(24 * Heads * 32, heads.to(float32).sum().item<float>());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ToHeads_TurnAndScale_AreOneRoundingFromRotate(int size)
    {
        var x = KernelCheck.Random(1, 1, 7, Heads * size);
        var expected = RotaryEmbedding.Rotate(x.to(float32).view(1, 7, Heads, size).transpose(1, 2), Angles(size, 7)).squeeze(0) * 0.3;

        var layout = Layout(size, 7);

        var actual = layout.ToHeads(x, HeadLayout.Turn.Forward, 0.3f);

        KernelCheck.AssertElements(expected, Of(actual, layout, 0, size).to(float32));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ToTokens_TurnBack_IsTheGradientOfRotate(int size)
    {
        var above = KernelCheck.Random(1, 1, Heads, 7, size);
        var leaf = zeros(1, 7, Heads, size).requires_grad_();
        (RotaryEmbedding.Rotate(leaf.transpose(1, 2), Angles(size, 7)) * above.to(float32)).sum().backward();

        var filled = nn.functional.pad(above, (0, 0, 0, 9)).view(16, -1);   // [H, 7, E] -> [H, 16, E]
        var actual = Layout(size, 7).ToTokens(filled, HeadLayout.Turn.Backward);

        KernelCheck.AssertElements(leaf.grad!.view(7, -1), actual.to(float32));
    }

    [Fact]
    public void ToTokens_TurnThereAndBack_IsTwoRoundingsFromTheStart()
    {
        var x = KernelCheck.Random(1, 1, 7, Heads * 64);
        var layout = Layout(64, 7);

        var heads = layout.ToHeads(x, HeadLayout.Turn.Forward);
        var back = layout.ToTokens(heads, HeadLayout.Turn.Backward);

        Assert.False(KernelCheck.Same(x.view(7, Heads, 64).transpose(0, 1), Of(heads, layout, 0, 64)));
        Assert.InRange(KernelCheck.Distance(x, back), 0, 2 * KernelCheck.Rounding);
    }

    [Fact]
    public void ToHeads_MoreTokensThanAngles_BeginAnew()
    {
        var x = KernelCheck.Random(1, 1, 5, Heads * 32);
        var angles = Pair(Angles(32, 5));

        var layout = new HeadLayout(32, [5, 5], angles);
        var actual = layout.ToHeads(cat([x, x]), HeadLayout.Turn.Forward);

        Assert.True(KernelCheck.Same(Of(actual, layout, 0, 32), Of(actual, layout, 1, 32)));
        Assert.True(KernelCheck.Same(new HeadLayout(32, [5], angles).ToHeads(x, HeadLayout.Turn.Forward), actual.narrow(0, 16, 16)));
    }

    [Fact]
    public void ToHeads_SeveralTexts_LieOneBehindAnother()
    {
        var (first, second) = (KernelCheck.Random(1, 1, 3, Heads * 32), KernelCheck.Random(2, 1, 17, Heads * 32));
        var layout = Layout(32, 3, 17);

        var both = layout.ToHeads(cat([first, second]), HeadLayout.Turn.Forward);

        Assert.True(KernelCheck.Same(Layout(32, 3).ToHeads(first, HeadLayout.Turn.Forward), both.narrow(0, 0, 16)));
        Assert.True(KernelCheck.Same(Layout(32, 17).ToHeads(second, HeadLayout.Turn.Forward), both.narrow(0, 16, 32)));
    }

    [Theory]
    [InlineData(3, 19)]
    [InlineData(19, 3)]
    public void ToHeads_NotANumber_SpoilsItsPairOnly(int place, int partner)
    {
        var x = KernelCheck.Random(1, 1, 5, Heads * 32);
        x[2, 32 + place] = float.NaN;

        var spoiled = Layout(32, 5).ToHeads(x, HeadLayout.Turn.Forward).view(Heads, 16, 32).isnan();

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
