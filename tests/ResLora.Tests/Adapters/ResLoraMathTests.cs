using ResLora.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static ResLora.Tests.Adapters.BruteForce;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>Every equation against explicit loops, and its gradients against central differences.</summary>
public sealed class ResLoraMathTests
{
    private const double Tolerance = 1e-5;   // float32: both sides sum in another order
    private const double Scaling = 1.5;

    [Fact]
    public void InputShortcut_SmallArrays_EqualsEquation2()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        Tensor x = randn(2, 3, 5), previous = randn(2, 3, 5);
        var lora = Pair();

        var actual = ResLoraMath.InputShortcut(x, previous, lora);

        AssertEach(
            actual,
            Tolerance,
            (i, t, o) => Scaling * Up(lora.B, o, r => Down(lora.A, r, d => Number(x, i, t, d) + Number(previous, i, t, d))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void BlockShortcut_SmallArrays_EqualsEquation3(int m)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(2);
        var x = randn(2, 3, 5);
        LoraPair[] blocks = [.. Enumerable.Range(0, m + 1).Select(_ => Pair())];

        var actual = ResLoraMath.BlockShortcut(x, blocks);

        AssertEach(
            actual, Tolerance, (i, t, o) => blocks.Sum(block => Scaling * Up(block.B, o, r => Down(block.A, r, d => Number(x, i, t, d)))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void MiddleShortcut_SmallArrays_EqualsEquation4(int m)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor[] x = [.. Enumerable.Range(0, m + 1).Select(_ => randn(2, 3, 5))];       // x_n, x_{n−1}, …
        LoraPair[] blocks = [.. Enumerable.Range(0, m + 1).Select(_ => Pair())];
        Tensor[] low = [.. x.Zip(blocks).Select(p => LoraMath.Down(p.First, p.Second))];

        var actual = ResLoraMath.MiddleShortcut(low[0], low[1..], blocks[0]);

        AssertEach(actual, Tolerance, (i, t, o) => Scaling * Up(blocks[0].B, o, r =>
            Enumerable.Range(0, m + 1).Sum(k => Down(blocks[k].A, r, d => Number(x[k], i, t, d)))));
    }

    [Fact]
    public void InputShortcut_Gradients_EqualCentralDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(4);
        Tensor x =
            GradientCheck.Leaf(1, 2, 4), previous = GradientCheck.Leaf(1, 2, 4), a = GradientCheck.Leaf(2, 4), b = GradientCheck.Leaf(3, 2);

        GradientCheck.Run(() => ResLoraMath.InputShortcut(x, previous, new LoraPair(a, b, Scaling)), x, previous, a, b);
    }

    [Fact]
    public void BlockShortcut_Gradients_EqualCentralDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        var x = GradientCheck.Leaf(1, 2, 4);
        Tensor[] a = [GradientCheck.Leaf(2, 4), GradientCheck.Leaf(2, 4), GradientCheck.Leaf(2, 4)];
        Tensor[] b = [GradientCheck.Leaf(3, 2), GradientCheck.Leaf(3, 2), GradientCheck.Leaf(3, 2)];

        GradientCheck.Run(
            () => ResLoraMath.BlockShortcut(x, [.. a.Zip(b).Select(p => new LoraPair(p.First, p.Second, Scaling))]), [x, .. a, .. b]);
    }

    [Fact]
    public void MiddleShortcut_Gradients_EqualCentralDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(6);
        Tensor low =
            GradientCheck.Leaf(1, 2, 2), first =
                GradientCheck.Leaf(1, 2, 2), second = GradientCheck.Leaf(1, 2, 2), b = GradientCheck.Leaf(3, 2);

        GradientCheck.Run(
            () => ResLoraMath.MiddleShortcut(low, [first, second], new LoraPair(zeros(2, 4, dtype: float64), b, Scaling)),
            low,
            first,
            second,
            b);
    }

    [Fact]
    public void BlockShortcut_Dropout_DrawsAMaskForEachBlock()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(7);
        var identity = new LoraPair(eye(4), eye(4), 1);

        var sum = ResLoraMath.BlockShortcut(ones(1, 200, 4), [identity, identity], dropout: 0.5);

        // Each block keeps (then 2) or drops (then 0): with one mask for both, a 2 could not occur.
        var values = sum.data<float>().ToArray();
        Assert.Contains(values, v => Math.Abs(v - 2) < 1e-6);
        Assert.Contains(values, v => Math.Abs(v - 4) < 1e-6);
        Assert.Contains(values, v => v == 0);
    }

    [Fact]
    public void InputShortcut_Dropout_DrawsOneMaskForTheSum()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(8);
        var identity = new LoraPair(eye(4), eye(4), 1);

        var sum = ResLoraMath.InputShortcut(ones(1, 200, 4), ones(1, 200, 4) * 2, identity, dropout: 0.5);

        Assert.All(sum.data<float>().ToArray(), v => Assert.True(v == 0 || Math.Abs(v - 6) < 1e-6, $"{v}"));
    }

    [Fact]
    public void MergeBlocks_ThreeBlocks_IsOneLoraOfThreeTimesTheRank()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(9);
        LoraPair[] blocks = [Pair(), Pair(), Pair()];

        var merged = ResLoraMath.MergeBlocks(blocks);

        Assert.Equal([6, 5], merged.A.shape);
        Assert.Equal([4, 6], merged.B.shape);
        Assert.Equal(Scaling, merged.Scaling);
        AssertWeight(
            LoraMath.DeltaWeight(merged), Tolerance, (o, d) => blocks.Sum(b => Scaling * Up(b.B, o, r => b.A[r, d].item<float>())));
    }

    [Fact]
    public void MergeScaled_Alpha_ScalesTheUpdateByOnePlusAlpha()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(10);
        var lora = Pair();

        var merged = ResLoraMath.MergeScaled(lora, alpha: 0.8);

        AssertWeight(LoraMath.DeltaWeight(merged), Tolerance, (o, d) => Scaling * 1.8 * Up(lora.B, o, r => lora.A[r, d].item<float>()));
        Assert.Equal(0, TinyAdapters.Distance(lora.A, merged.A));
        Assert.NotEqual(lora.A.Handle, merged.A.Handle);
    }

    [Fact]
    public void MergeMiddleDown_TwoPrevious_EqualsEquation13()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(11);
        LoraPair lora = Pair(), first = Pair(), second = Pair();

        var merged = ResLoraMath.MergeMiddleDown(lora, [first.A, second.A], [0.5, 0.25]);

        AssertWeight(LoraMath.DeltaWeight(merged), Tolerance, (o, d) => Scaling * Up(lora.B, o, r =>
            lora.A[r, d].item<float>() + 0.5 * first.A[r, d].item<float>() + 0.25 * second.A[r, d].item<float>()));
        Assert.Equal([2, 5], merged.A.shape);
    }

    [Fact]
    public void MergeMiddleDown_NoPrevious_IsANewCopy()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(12);
        var lora = Pair();

        var merged = ResLoraMath.MergeMiddleDown(lora, [], []);
        merged.A.fill_(0);

        Assert.NotEqual(0, lora.A.abs().sum().item<float>());
    }

    [Fact]
    public void InputAlpha_IsTheRatioOfNorms() => Assert.Equal(0.5, ResLoraMath.InputAlpha(previousNorm: 2, norm: 4));

    [Fact]
    public void MiddleAlpha_IsTheSumOfRatios() => Assert.Equal(0.5 + 2, ResLoraMath.MiddleAlpha([2, 8], 4));

    [Fact]
    public void MiddleAlpha_WithoutPrevious_IsZero() => Assert.Equal(0, ResLoraMath.MiddleAlpha([], 4));

    [Fact]
    public void Shortcuts_Temporaries_AreFreedAndInputsKept()
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(1, 2, 5), low = randn(1, 2, 2);
        LoraPair first = Pair(), second = Pair();

        var growth = LiveTensors.Growth(() =>
        {
            ResLoraMath.InputShortcut(x, x, first);
            ResLoraMath.BlockShortcut(x, [first, second]);
            ResLoraMath.MiddleShortcut(low, [low, low], first);
        });

        Assert.Equal(3, growth);
        Assert.False(x.IsInvalid || low.IsInvalid);
    }

    private static LoraPair Pair() => new(randn(2, 5), randn(4, 2), Scaling);
}
