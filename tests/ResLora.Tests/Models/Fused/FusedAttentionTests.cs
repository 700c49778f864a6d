using ResLora.Models.Blocks;
using ResLora.Models.Fused;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

public sealed class FusedAttentionTests : KernelTests
{
    // Turned vectors, scores, probabilities and results are rounded one after the other, for gradients ∂P and ∂S in their place.
    private const double Tolerance = 4 * KernelCheck.Rounding;

    private static readonly int[] _lengths = [1, 7, 16, 17, 33];

    [Theory]
    [InlineData(4, 4, 32)]
    [InlineData(6, 2, 32)]
    [InlineData(4, 2, 64)]
    [InlineData(4, 1, 128)]
    public void Apply_TextsOfOddLengths_AreFourRoundingsFromFloat32(int heads, int groups, int size)
    {
        var inputs = Inputs(heads, groups, size, _lengths.Sum());

        var expected = Plain(inputs, size, _lengths);
        var actual = Fused(inputs, size, _lengths);

        AssertTexts(expected, actual, _lengths);
    }

    [Fact]
    public void Apply_RowsOfOneLength_BeginTheAnglesAnew()
    {
        int[] lengths = [9, 9, 9];
        var inputs = Inputs(4, 2, 32, 27);

        var packed = Fused(inputs, 32, lengths);
        var angles = HeadLayoutTests.Angles(32, 9);
        var rows = KernelCheck.Run(
            bfloat16, x =>
                FusedAttention.Apply(x[0], x[1], x[2], angles.Cos, angles.Sin, 32, lengths), inputs[3], inputs[0], inputs[1], inputs[2]);

        Assert.All(packed.Zip(rows), pair => Assert.True(KernelCheck.Same(pair.First, pair.Second)));
    }

    [Fact]
    public void Apply_ScoresThatAreCutByHeads_AreThoseOfOnePiece()
    {
        // Blocks of 512 queries see 2,016 keys; four heads of such fit into the 4 M scores of one product: five are cut into four and one.
        int[] lengths = [2000, 3];
        var inputs = Inputs(5, 5, 32, 2003);

        var expected = Plain(inputs, 32, lengths);
        var actual = Fused(inputs, 32, lengths);

        AssertTexts(expected, actual, lengths);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(6, 2)]
    public void Apply_TextsOfSeveralBlocks_AreFourRoundingsFromFloat32(int heads, int groups)
    {
        int[] lengths = [512, 513, 1100];   // 1, 2 and 3 blocks
        var inputs = Inputs(heads, groups, 32, lengths.Sum());

        var expected = Plain(inputs, 32, lengths);
        var actual = Fused(inputs, 32, lengths);

        AssertTexts(expected, actual, lengths);
    }

    [Fact]
    public void Apply_OneToken_IsItsValue()
    {
        var inputs = Inputs(4, 2, 32, 1);

        var actual = Fused(inputs, 32, [1]);

        Assert.True(KernelCheck.Same(inputs[2].to(float32).view(2, 1, 32).expand(2, 2, 32).reshape(1, -1), actual[0]));
        Assert.Equal(0, actual[1].abs().max().item<float>());
        Assert.Equal(0, actual[2].abs().max().item<float>());
    }

    [Fact]
    public void Apply_AnotherText_ChangesNoBit()
    {
        var inputs = Inputs(4, 2, 32, _lengths.Sum());
        var changed = inputs.Select(x => x.clone()).ToArray();
        foreach (var tensor in changed)
        {
            tensor.narrow(0, 24, 17).mul_(-2);   // the fourth text
        }

        Tensor[] before = Fused(inputs, 32, _lengths), after = Fused(changed, 32, _lengths);

        Assert.All(before.Zip(after), pair =>
        {
            Assert.True(KernelCheck.Same(pair.First.narrow(0, 0, 24), pair.Second.narrow(0, 0, 24)));
            Assert.True(KernelCheck.Same(pair.First.narrow(0, 41, 33), pair.Second.narrow(0, 41, 33)));
            Assert.False(KernelCheck.Same(pair.First.narrow(0, 24, 17), pair.Second.narrow(0, 24, 17)));
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Apply_NotANumber_ReachesTheValueAndTheGradients(int input)
    {
        var inputs = Inputs(4, 2, 32, _lengths.Sum());
        inputs[input][45, 5] = float.NaN;   // the fifth text's fifth token

        var actual = Fused(inputs, 32, _lengths);

        Assert.True(actual[0][45].isnan().any().item<bool>());
        // ∂V = Pᵀ ∂O is all that does not read the values.
        Assert.All(actual[1..(input == 2 ? 3 : 4)], gradient => Assert.True(gradient.narrow(0, 41, 33).isnan().any().item<bool>()));
        Assert.All(actual, tensor => Assert.False(tensor.narrow(0, 0, 41).isnan().any().item<bool>()));
    }

    [Fact]
    public void Apply_StridedInputs_AreReadInTheirOrder()
    {
        var inputs = Inputs(4, 2, 32, 20);
        var angles = HeadLayoutTests.Angles(32, 20);

        var expected = Fused(inputs, 32, [20]);
        var actual = KernelCheck.Run(
            bfloat16,
            x => FusedAttention.Apply(x[0].t(), x[1].t(), x[2].t(), angles.Cos, angles.Sin, 32, [20]).t(),
            inputs[3].t(), inputs[0].t().contiguous(), inputs[1].t().contiguous(), inputs[2].t().contiguous());

        Assert.All(expected.Zip(actual), pair => Assert.True(KernelCheck.Same(pair.First.t(), pair.Second)));
    }

    [Fact]
    public void Apply_OneOrTwoThreads_GivesTheSameBits()
    {
        var inputs = Inputs(6, 2, 64, _lengths.Sum());

        KernelCheck.AssertThreadsDoNotMatter(() => Fused(inputs, 64, _lengths));
    }

    [Theory]
    [InlineData(32, true)]
    [InlineData(128, true)]
    [InlineData(16, false)]
    [InlineData(80, false)]
    public void Fits_HeadSize_NeedsHalvesOfWholeVectors(int size, bool expected)
    {
        Assert.Equal(expected, FusedAttention.Fits(zeros(1, 3, 4 * size, dtype: bfloat16), size));
    }

    /// <summary>Query, key, value and the gradient of the result.</summary>
    private static Tensor[] Inputs(int heads, int groups, int size, int tokens) =>
    [
        KernelCheck.Random(1, 1, tokens, heads * size), KernelCheck.Random(2, 1, tokens, groups * size),
        KernelCheck.Random(3, 1, tokens, groups * size), KernelCheck.Random(4, 1, tokens, heads * size),
    ];

    private static Tensor[] Fused(Tensor[] inputs, int size, int[] lengths)
    {
        var angles = HeadLayoutTests.Angles(size, lengths);
        return KernelCheck.Run(
            bfloat16, x =>
                FusedAttention.Apply(x[0], x[1], x[2], angles.Cos, angles.Sin, size, lengths), inputs[3], inputs[0], inputs[1], inputs[2]);
    }

    /// <summary>The same in float32, text by text, by libtorch's operations.</summary>
    private static Tensor[] Plain(Tensor[] inputs, int size, int[] lengths) =>
        KernelCheck.Run(
            float32,
            x => cat([.. Starts(lengths).Select(text => Text(x, size, text.Start, text.Length))]),
            inputs[3],
            inputs[0],
            inputs[1],
            inputs[2]);

    private static Tensor Text(Tensor[] x, int size, int start, int length)
    {
        var angles = HeadLayoutTests.Angles(size, length);
        Tensor[] byHead = [.. x.Select(t => t.narrow(0, start, length).view(1, length, -1, size).transpose(1, 2))];   // [1, H, T, E]
        var (query, key) = (RotaryEmbedding.Rotate(byHead[0], angles), RotaryEmbedding.Rotate(byHead[1], angles));
        var copies = query.shape[1] / key.shape[1];
        var mixed = nn.functional.scaled_dot_product_attention(
            query, key.repeat_interleave(copies, dim: 1), byHead[2].repeat_interleave(copies, dim: 1), is_casual: true);
        return mixed.transpose(1, 2).reshape(length, -1);
    }

    private static IEnumerable<(int Start, int Length)> Starts(int[] lengths) =>
        lengths.Select((length, i) => (lengths[..i].Sum(), length));

    private static void AssertTexts(Tensor[] expected, Tensor[] actual, int[] lengths)
    {
        foreach (var (start, length) in Starts(lengths))
        {
            for (var i = 0; i < expected.Length; i++)
            {
                var (wanted, found) = (expected[i].narrow(0, start, length), actual[i].narrow(0, start, length));
                if (length == 1 && i is 1 or 2)
                {
                    // A single key's probability is 1 whatever its score.
                    Assert.Equal(0, found.abs().max().item<float>(), 1e-6);
                    continue;
                }

                var distance = KernelCheck.Distance(wanted, found);
                Assert.True(distance < Tolerance, $"the text of {length} tokens, tensor {i}: {distance}");
            }
        }
    }
}
