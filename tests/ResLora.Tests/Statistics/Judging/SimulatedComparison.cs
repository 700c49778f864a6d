using ResLora.Formats;
using ResLora.Statistics.Judging;

namespace ResLora.Tests.Statistics.Judging;

/// <summary>
/// Arms whose truth is known: an outcome depends on how hard the item is, on how well the arm does at this item, on the luck of the seed,
/// and on chance. Arms without an advantage are alike in all but luck.
/// </summary>
internal sealed record SimulatedComparison(int Seeds, int Items, double BetweenSeeds, double BetweenItems)
{
    /// <summary>Draws a reference and arms, with outcomes of 0 and 1, or losses.</summary>
    /// <param name="random">Where from.</param>
    /// <param name="arms">How many arms beside the reference.</param>
    /// <param name="advantage">How much better each arm is, in logits.</param>
    /// <param name="isLoss">Losses, with a long tail above, in place of right and wrong.</param>
    public (ArmScores Reference, ArmScores[] Arms) Draw(StableRandom random, int arms, double advantage, bool isLoss)
    {
        double[] ease = [.. Enumerable.Range(0, Items).Select(_ => 0.7 + (1.5 * Normal(random)))];
        var reference = Arm(random, "reference", ease, 0, isLoss);
        return (reference, [.. Enumerable.Range(0, arms).Select(i => Arm(random, $"arm {i + 1}", ease, advantage, isLoss))]);
    }

    private ArmScores Arm(StableRandom random, string name, double[] ease, double advantage, bool isLoss)
    {
        double[] own = [.. ease.Select(item => item + advantage + (BetweenItems * Normal(random)))];
        var outcomes = new Dictionary<long, IReadOnlyList<double>>();
        for (var seed = 0; seed < Seeds; seed++)
        {
            var luck = BetweenSeeds * Normal(random);
            outcomes[seed] = isLoss
                ? [.. own.Select(item => Math.Exp(-0.5 * (item + luck)) + (0.2 * Normal(random)))]
                : [.. own.Select(item => item + luck + (0.5 * Normal(random)) > 0 ? 1.0 : 0)];
        }

        return ArmScores.OfItems(name, outcomes);
    }

    // Box and Muller's method.
    private static double Normal(StableRandom random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
