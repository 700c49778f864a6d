using ResLora.Adapters.Methods.AdaLora;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.AdaLora;

public sealed class AdaLoraMathTests
{
    private const double Rounding = 1e-6;

    [Fact]
    public void OrthogonalPenalty_FactorsOfSeveralShapes_IsTheMeanOfTheirNorms()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor[] qs = [randn(2, 5), randn(2, 4), randn(2, 5)];
        Tensor[] ps = [randn(6, 2), randn(6, 2), randn(3, 2)];

        var penalty = AdaLoraMath.OrthogonalPenalty(qs, ps).item<float>();

        var norms = qs.Select(q => q.matmul(q.t())).Concat(ps.Select(p => p.t().matmul(p)))
            .Select(product => Math.Sqrt((product - eye(2)).square().sum().item<float>()));
        Assert.Equal(norms.Average(), penalty, 1e-5);
    }

    [Fact]
    public void OrthogonalPenalty_OrthonormalRows_IsNothing()
    {
        using var scope = NewDisposeScope();

        var penalty = AdaLoraMath.OrthogonalPenalty([eye(2, 5)], [eye(6, 2)]);

        Assert.Equal(0, penalty.item<float>());
    }

    [Fact]
    public void Equations_Gradients_AreThoseOfDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        Tensor q = GradientCheck.Leaf(2, 4), p = GradientCheck.Leaf(3, 2), values = GradientCheck.Leaf(2, 1);

        GradientCheck.Run(() => AdaLoraMath.Up(p, values).matmul(q).sum() + AdaLoraMath.OrthogonalPenalty([q, q * 2], [p]), q, p, values);
    }

    [Fact]
    public void Measure_TwoSteps_GivesTheRunningMeansByHand()
    {
        using var scope = NewDisposeScope();
        Tensor sensitivity = tensor(0f), uncertainty = tensor(0f);

        AdaLoraMath.Measure(tensor(2f), tensor(-3f), sensitivity, uncertainty, 0.8, 0.5);
        AdaLoraMath.Measure(tensor(1f), tensor(2f), sensitivity, uncertainty, 0.8, 0.5);

        // |w ∇w| is 6, then 2.
        var first = 0.2 * 6;
        var second = (0.8 * first) + (0.2 * 2);
        Assert.Equal(second, sensitivity.item<float>(), Rounding);
        Assert.Equal((0.5 * 0.5 * (6 - first)) + (0.5 * (2 - second)), uncertainty.item<float>(), Rounding);
    }

    [Theory]
    [InlineData(6, "111111")]
    [InlineData(4, "011011")]
    [InlineData(1, "000001")]
    [InlineData(0, "000000")]
    public void Keep_Budget_TakesTheMostImportantOfAllBlocks(int budget, string expected)
    {
        using var scope = NewDisposeScope();
        var importance = tensor(new[] { 0.1f, 3, 2, 0.2f, 4, 5 }).reshape(2, 3);

        var kept = AdaLoraMath.Keep(importance, budget);

        Assert.Equal(expected, string.Concat(kept.data<float>().Select(value => value == 0 ? '0' : '1')));
    }

    [Fact]
    public void Keep_NothingWasMeasured_PrunesNothing()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(6, AdaLoraMath.Keep(zeros(2, 3), 2).sum().item<float>());
    }

    [Fact]
    public void Importance_Always_IsTheSumOfAllThree()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(7, AdaLoraMath.Importance(ones(1, 1), ones(1, 1) * 2, ones(1, 1) * 4).item<float>());
    }
}
