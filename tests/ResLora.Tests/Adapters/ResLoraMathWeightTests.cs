using ResLora.Adapters;
using Xunit;
using static ResLora.Tests.Adapters.BruteForce;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>The shortcuts' weight γ in <see cref="ResLoraMath"/>: a block's own term never carries it, every other term does.</summary>
public sealed class ResLoraMathWeightTests
{
    private const double Tolerance = 1e-5;   // float32: both sides sum in another order
    private const double Scaling = 1.5;
    private const double Weight = 0.3;

    [Fact]
    public void InputShortcut_Weight_IsThatOfThePreviousInput()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(21);
        Tensor x = randn(2, 3, 5), previous = randn(2, 3, 5);
        var lora = Pair();

        var actual = ResLoraMath.InputShortcut(x, previous, lora, weight: Weight);

        AssertEach(actual, Tolerance, (i, t, o) =>
            Scaling * Up(lora.B, o, r => Down(lora.A, r, d => Number(x, i, t, d) + Weight * Number(previous, i, t, d))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void BlockShortcut_Weight_IsThatOfEveryEarlierBlock(int m)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(22);
        var x = randn(2, 3, 5);
        LoraPair[] blocks = [.. Enumerable.Range(0, m + 1).Select(_ => Pair())];

        var actual = ResLoraMath.BlockShortcut(x, blocks, weight: Weight);

        AssertEach(actual, Tolerance, (i, t, o) => blocks.Select((block, k) =>
            (k == 0 ? 1 : Weight) * Scaling * Up(block.B, o, r => Down(block.A, r, d => Number(x, i, t, d)))).Sum());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void BlockShortcut_DropoutThatDropsNothing_KeepsTheWeight(int m)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(24);
        var x = randn(2, 3, 5);
        LoraPair[] blocks = [.. Enumerable.Range(0, m + 1).Select(_ => Pair())];

        var actual = ResLoraMath.BlockShortcut(x, blocks, dropout: 1e-9, weight: 0.5);

        Assert.InRange(TinyAdapters.Distance(ResLoraMath.BlockShortcut(x, blocks, weight: 0.5), actual), 0, Tolerance);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void MiddleShortcut_Weight_IsThatOfEveryEarlierActivation(int m)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(23);
        Tensor[] low = [.. Enumerable.Range(0, m + 1).Select(_ => randn(2, 3, 2))];
        var lora = Pair();

        var actual = ResLoraMath.MiddleShortcut(low[0], low[1..], lora, Weight);

        AssertEach(
            actual,
            Tolerance,
            (i, t, o) => Scaling * Up(lora.B, o, r => low.Select((l, k) => (k == 0 ? 1 : Weight) * Number(l, i, t, r)).Sum()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void MiddleSum_Weight_IsThatOfEveryEarlierActivation(int m)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(24);
        Tensor[] low = [.. Enumerable.Range(0, m + 1).Select(_ => randn(2, 3, 4))];
        var own = low[0].clone();

        var actual = ResLoraMath.MiddleSum(low[0], low[1..], Weight);

        AssertEach(actual, Tolerance, (i, t, r) => low.Select((l, k) => (k == 0 ? 1 : Weight) * Number(l, i, t, r)).Sum());
        Assert.NotEqual(low[0].Handle, actual.Handle);
        Assert.Equal(0, TinyAdapters.Distance(own, low[0]));
    }

    [Fact]
    public void MergeBlocks_Weight_GoesIntoTheEarlierUpProjections()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(25);
        LoraPair[] blocks = [Pair(), Pair(), Pair()];

        var merged = ResLoraMath.MergeBlocks(blocks, Weight);

        Assert.Equal([6, 5], merged.A.shape);
        AssertWeight(LoraMath.DeltaWeight(merged), Tolerance, (o, d) => blocks.Select((b, k) =>
            (k == 0 ? 1 : Weight) * Scaling * Up(b.B, o, r => b.A[r, d].item<float>())).Sum());
    }

    [Fact]
    public void Shortcuts_WeightOne_EqualThePapers()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(26);
        Tensor x = randn(2, 3, 5), previous = randn(2, 3, 5), low = randn(2, 3, 2), earlier = randn(2, 3, 2), farther = randn(2, 3, 2);
        LoraPair first = Pair(), second = Pair(), third = Pair();

        // The same sums without any factor.
        var blocks = LoraMath.Delta(x, first) + LoraMath.Delta(x, second) + LoraMath.Delta(x, third);

        Assert.Equal(
            0, TinyAdapters.Distance(LoraMath.Delta(x + previous, first), ResLoraMath.InputShortcut(x, previous, first, weight: 1)));
        // One product of rank R·(m+1) adds up in another order than three of rank R.
        Assert.InRange(TinyAdapters.Distance(blocks, ResLoraMath.BlockShortcut(x, [first, second, third], weight: 1)), 0, Tolerance);
        Assert.Equal(
            0,
            TinyAdapters.Distance(
                LoraMath.Up(low + earlier + farther, first), ResLoraMath.MiddleShortcut(low, [earlier, farther], first, weight: 1)));
        Assert.Equal(0, TinyAdapters.Distance(cat([first.B, second.B], dim: 1), ResLoraMath.MergeBlocks([first, second], weight: 1).B));
        Assert.Equal(
            0,
            TinyAdapters.Distance(ResLoraMath.InputShortcut(x, previous, first), ResLoraMath.InputShortcut(x, previous, first, weight: 1)));
        Assert.Equal(
            0,
            TinyAdapters.Distance(ResLoraMath.BlockShortcut(x, [first, second]), ResLoraMath.BlockShortcut(x, [first, second], weight: 1)));
        Assert.Equal(
            0,
            TinyAdapters.Distance(
                ResLoraMath.MiddleShortcut(low, [earlier], first), ResLoraMath.MiddleShortcut(low, [earlier], first, weight: 1)));
    }

    [Fact]
    public void InputShortcut_GradientsWithWeight_EqualCentralDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(27);
        Tensor x =
            GradientCheck.Leaf(1, 2, 4), previous = GradientCheck.Leaf(1, 2, 4), a = GradientCheck.Leaf(2, 4), b = GradientCheck.Leaf(3, 2);

        GradientCheck.Run(() => ResLoraMath.InputShortcut(x, previous, new LoraPair(a, b, Scaling), weight: Weight), x, previous, a, b);
    }

    [Fact]
    public void BlockShortcut_GradientsWithWeight_EqualCentralDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(28);
        var x = GradientCheck.Leaf(1, 2, 4);
        Tensor[] a = [GradientCheck.Leaf(2, 4), GradientCheck.Leaf(2, 4), GradientCheck.Leaf(2, 4)];
        Tensor[] b = [GradientCheck.Leaf(3, 2), GradientCheck.Leaf(3, 2), GradientCheck.Leaf(3, 2)];

        GradientCheck.Run(() =>
            ResLoraMath.BlockShortcut(
                x, [.. a.Zip(b).Select(p => new LoraPair(p.First, p.Second, Scaling))], weight: Weight), [x, .. a, .. b]);
    }

    [Fact]
    public void MiddleShortcut_GradientsWithWeight_EqualCentralDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(29);
        Tensor low =
            GradientCheck.Leaf(1, 2, 2), first =
                GradientCheck.Leaf(1, 2, 2), second = GradientCheck.Leaf(1, 2, 2), b = GradientCheck.Leaf(3, 2);
        var lora = new LoraPair(zeros(2, 4, dtype: float64), b, Scaling);

        GradientCheck.Run(() => ResLoraMath.MiddleShortcut(low, [first, second], lora, Weight), low, first, second, b);
    }

    private static LoraPair Pair() => new(randn(2, 5), randn(4, 2), Scaling);
}
