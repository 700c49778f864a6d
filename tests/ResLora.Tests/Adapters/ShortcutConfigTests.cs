using ResLora.Adapters;
using Xunit;

namespace ResLora.Tests.Adapters;

/// <summary>Annealing by <see cref="ShortcutConfig"/>; its other settings are in <see cref="AdapterConfigTests"/>.</summary>
public sealed class ShortcutConfigTests
{
    [Theory]
    [InlineData(0.0, 0, 10, 1.0)]
    [InlineData(0.0, 9, 10, 1.0)]     // never
    [InlineData(0.5, 0, 10, 1.0)]
    [InlineData(0.5, 4, 10, 1.0)]     // five steps are left, half of the run
    [InlineData(0.5, 5, 10, 0.6)]
    [InlineData(0.5, 6, 10, 0.2)]
    [InlineData(0.5, 7, 10, 0.0)]     // from the middle of the part on
    [InlineData(0.5, 9, 10, 0.0)]
    [InlineData(1.0, 0, 10, 0.8)]
    [InlineData(1.0, 2, 10, 0.4)]
    [InlineData(1.0, 4, 10, 0.0)]
    [InlineData(1.0, 9, 10, 0.0)]
    [InlineData(1.0, 0, 1, 0.0)]      // the only step is the last one
    [InlineData(0.01, 0, 1, 0.0)]
    [InlineData(0.01, 8, 10, 1.0)]    // less than a step: the last one alone
    [InlineData(0.01, 9, 10, 0.0)]
    [InlineData(0.5, -1, 10, 1.0)]    // before the first step
    [InlineData(double.Epsilon, 0, 2, 1.0)]
    public void WeightAt_Step_FallsAlongALineAndStaysAtZero(double anneal, int step, int steps, double expected) =>
        Assert.Equal(expected, Config(anneal).WeightAt(step, steps), 1e-12);

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.37)]
    [InlineData(1.0)]
    public void WeightAt_WholeRun_NeverRisesAndEndsAtZeroExactly(double anneal)
    {
        foreach (var steps in (int[])[1, 2, 7, 1000])
        {
            double[] weights = [.. Enumerable.Range(0, steps).Select(step => Config(anneal).WeightAt(step, steps))];

            Assert.All(weights, w => Assert.InRange(w, 0, 1));
            Assert.All(weights.Zip(weights.Skip(1)), pair => Assert.True(pair.Second <= pair.First));
            Assert.Equal(0, weights[^1]);
            // What is not annealed has weight 1.
            Assert.Equal(Math.Max(0, steps - (int)Math.Ceiling(anneal * steps)), weights.Count(w => w == 1));
        }
    }

    [Theory]
    [InlineData(0.0, ShortcutKind.None, null)]
    [InlineData(1.0, ShortcutKind.Block, null)]
    [InlineData(-0.1, ShortcutKind.Input, "anneal is -0.1; it must be from 0")]
    [InlineData(1.1, ShortcutKind.Input, "anneal is 1.1; it must be from 0")]
    [InlineData(double.NaN, ShortcutKind.Input, "anneal is NaN")]
    [InlineData(0.5, ShortcutKind.None, "no shortcut to anneal")]
    public void Problems_Anneal_IsNamed(double anneal, ShortcutKind kind, string? part)
    {
        var problems = new ShortcutConfig { Kind = kind, Anneal = anneal }.Problems().ToArray();

        Assert.Equal(part is null ? 0 : 1, problems.Length);
        Assert.All(problems, problem => Assert.Contains(part!, problem, StringComparison.Ordinal));
    }

    private static ShortcutConfig Config(double anneal) => new() { Kind = ShortcutKind.Input, Anneal = anneal };
}
