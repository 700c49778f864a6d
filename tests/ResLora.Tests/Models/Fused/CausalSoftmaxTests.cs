using ResLora.Models.Fused;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

public sealed class CausalSoftmaxTests : KernelTests
{

    /// <summary>Lengths around the sixteen numbers of a vector, with one and with three queries a key head.</summary>
    public static TheoryData<int, int> Shapes => new MatrixTheoryData<int, int>([1, 7, 15, 16, 17, 31, 33, 64], [1, 3]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_Scores_AreOneRoundingFromFloat32(int count, int queries)
    {
        var scores = KernelCheck.Random(1, 3, 2, queries * count, count);
        var expected = Plain(scores.to(float32), queries, count);

        CausalSoftmax.Forward(scores);

        KernelCheck.AssertElements(expected, scores.to(float32));
        Assert.Equal(0, scores.view(2, queries, count, count).triu(1).abs().sum().to(float32).item<float>());
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Backward_Gradient_IsOneRoundingFromFloat32(int count, int queries)
    {
        var (scores, gradient) = (KernelCheck.Random(1, 3, 2, queries * count, count), KernelCheck.Random(2, 1, 2, queries * count, count));
        var leaf = scores.to(float32).requires_grad_();
        var expected = Plain(leaf, queries, count);
        (expected * gradient.to(float32)).sum().backward();

        CausalSoftmax.Backward(scores, gradient);

        KernelCheck.AssertElements(expected.detach(), scores.to(float32));
        KernelCheck.AssertElements(leaf.grad!, gradient.to(float32));
        Assert.Equal(0, gradient.view(2, queries, count, count).triu(1).abs().sum().to(float32).item<float>());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(21)]
    public void ForwardAndBackward_TheLastQueriesAlone_AreThoseOfAll(int first)
    {
        Tensor Last(Tensor all) => all.view(2, 3, 33, 33).narrow(2, first, 33 - first).reshape(2, -1, 33).clone();
        var (scores, gradient) = (KernelCheck.Random(1, 3, 2, 3 * 33, 33), KernelCheck.Random(2, 1, 2, 3 * 33, 33));
        var (forward, lastForward, lastScores, lastGradient) = (scores.clone(), Last(scores), Last(scores), Last(gradient));

        CausalSoftmax.Forward(forward);
        CausalSoftmax.Backward(scores, gradient);
        CausalSoftmax.Forward(lastForward, first);
        CausalSoftmax.Backward(lastScores, lastGradient, first);

        Assert.True(KernelCheck.Same(Last(forward), lastForward));
        Assert.True(KernelCheck.Same(Last(scores), lastScores));
        Assert.True(KernelCheck.Same(Last(gradient), lastGradient));
    }

    [Fact]
    public void Forward_ScoresBehindTheQuery_AreNotLookedAt()
    {
        var scores = KernelCheck.Random(1, 3, 1, 33, 33);
        var spoiled = scores.masked_fill(ones(33, 33, dtype: ScalarType.Bool).triu(1), float.NaN).contiguous();

        CausalSoftmax.Forward(scores);
        CausalSoftmax.Forward(spoiled);

        Assert.True(KernelCheck.Same(scores, spoiled));
    }

    [Fact]
    public void Backward_GradientsBehindTheQuery_AreNotLookedAt()
    {
        var (scores, gradient) = (KernelCheck.Random(1, 3, 1, 33, 33), KernelCheck.Random(2, 1, 1, 33, 33));
        var behind = ones(33, 33, dtype: ScalarType.Bool).triu(1);
        var (otherScores, otherGradient) = (
            scores.masked_fill(behind, float.NaN).contiguous(), gradient.masked_fill(behind, float.NaN).contiguous());

        CausalSoftmax.Backward(scores, gradient);
        CausalSoftmax.Backward(otherScores, otherGradient);

        Assert.True(KernelCheck.Same(scores, otherScores));
        Assert.True(KernelCheck.Same(gradient, otherGradient));
    }

    [Theory]
    [InlineData(0, 3e38f)]
    [InlineData(20, 3e38f)]
    [InlineData(20, -3e38f)]
    [InlineData(20, float.NegativeInfinity)]
    public void Forward_FarApart_NeitherOverflowsNorLosesTheSum(int place, float score)
    {
        var scores = KernelCheck.Random(1, 3, 1, 33, 33);
        scores[0, 32, place] = score;
        var expected = Plain(scores.to(float32), 1, 33);

        CausalSoftmax.Forward(scores);

        KernelCheck.AssertElements(expected, scores.to(float32));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(32)]
    public void ForwardAndBackward_NotANumber_SpoilsTheRowAsFarAsItSees(int place)
    {
        var (scores, gradient) = (KernelCheck.Random(1, 3, 1, 33, 33), KernelCheck.Random(2, 1, 1, 33, 33));
        scores[0, 32, place] = float.NaN;
        var again = scores.clone();

        CausalSoftmax.Forward(scores);
        CausalSoftmax.Backward(again, gradient);

        Assert.All(new[] { scores, again, gradient }, t =>
        {
            Assert.True(t[0, 32].isnan().all().item<bool>());
            Assert.False(t[0].narrow(0, 0, 32).isnan().any().item<bool>());
        });
    }

    [Fact]
    public void ForwardAndBackward_OneOrTwoThreads_GiveTheSameBits() => KernelCheck.AssertThreadsDoNotMatter(() =>
    {
        var (first, second, gradient) = (
            KernelCheck.Random(1, 3, 2, 51, 17), KernelCheck.Random(2, 3, 2, 51, 17), KernelCheck.Random(3, 1, 2, 51, 17));

        CausalSoftmax.Forward(first);
        CausalSoftmax.Backward(second, gradient);

        return [first, second, gradient];
    });

    /// <summary>Softmax over the keys that each query sees, in float32.</summary>
    private static Tensor Plain(Tensor scores, int queries, int count)   // [K, G·T, T]
    {
        var behind = ones(count, count, dtype: ScalarType.Bool).triu(1);
        return scores.view(-1, queries, count, count).masked_fill(behind, float.NegativeInfinity).softmax(-1).view(scores.shape);
    }
}
