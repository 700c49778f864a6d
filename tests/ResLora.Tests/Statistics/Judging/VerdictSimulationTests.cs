using ResLora.Formats;
using ResLora.Statistics.Judging;
using Xunit;

namespace ResLora.Tests.Statistics.Judging;

/// <summary>How often verdicts are wrong, and how often a difference is found, over 1,000 comparisons each (docs/statistics.md).</summary>
public sealed class VerdictSimulationTests(ITestOutputHelper output)
{
    private const int Comparisons = 1000;
    private const int MostFalseAlarms = 50;   // 5 %

    private static readonly bool[] _kinds = [false, true];

    // From none to far more than is usual: 0.6 logits move an accuracy of 0.65 by 0.1.
    public static TheoryData<int, int, double, double, bool> Truths => new(
        from data in new (int Seeds, int Items)[] { (3, 200), (5, 100) }
        from spread in new (double Seeds, double Items)[] { (0, 0), (0.05, 0.5), (0.2, 0.5), (0.6, 0.2) }
        from isLoss in _kinds
        select (data.Seeds, data.Items, spread.Seeds, spread.Items, isLoss));

    [Theory]
    [MemberData(nameof(Truths))]
    public void Judge_ArmsThatAreAlike_RaisesFewFalseAlarms(int seeds, int items, double betweenSeeds, double betweenItems, bool isLoss)
    {
        var alarms = Shown(new SimulatedComparison(seeds, items, betweenSeeds, betweenItems), 1, 0, isLoss);

        output.WriteLine($"{alarms} false alarms in {Comparisons}");
        Assert.InRange(alarms, 0, MostFalseAlarms);
    }

    [Theory]
    [InlineData(3, 0.6)]
    [InlineData(5, 0.2)]
    public void Judge_FamiliesOfArmsThatAreAlike_RaiseFewFalseAlarms(int seeds, double betweenSeeds)
    {
        var alarms = Shown(new SimulatedComparison(seeds, 100, betweenSeeds, 0.5), 7, 0, isLoss: false);

        output.WriteLine($"{alarms} families of 7 with a false alarm in {Comparisons}");
        Assert.InRange(alarms, 0, MostFalseAlarms);
    }

    [Theory]
    [InlineData(3, 0.05, 700)]
    [InlineData(3, 0.2, 200)]
    [InlineData(5, 0.05, 900)]
    [InlineData(5, 0.2, 500)]
    public void Judge_APlantedDifference_IsFound(int seeds, double betweenSeeds, int atLeast)
    {
        // 0.4 logits are 0.08 of an accuracy of 0.65.
        var found = Shown(new SimulatedComparison(seeds, 300, betweenSeeds, 0.5), 1, 0.4, isLoss: false);

        output.WriteLine($"found {found} times in {Comparisons}");
        Assert.InRange(found, atLeast, Comparisons);
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.6)]
    public void Judge_ScoresThatAreNoMeans_RaiseFewFalseAlarms(double betweenSeeds)
    {
        // Every other item is of class 1, and a wrong outcome is the other class.
        var terms = new VerdictTerms { ScoreOfItems = Matthews, Resamples = 200 };

        var alarms = Shown(new SimulatedComparison(3, 80, betweenSeeds, 0.5), 1, 0, isLoss: false, terms);

        output.WriteLine($"{alarms} false alarms in {Comparisons}");
        Assert.InRange(alarms, 0, MostFalseAlarms);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Judge_ArmsThatDifferByTheMargin_AreSeldomCalledEqual(int seeds)
    {
        const double margin = 0.1;

        var equal = Losses(new SimulatedComparison(seeds, 200, 0.05, 0.2), margin).Count(one => one.EquivalenceP <= 0.05);

        output.WriteLine($"called equal {equal} times in {Comparisons}");
        Assert.InRange(equal, 0, MostFalseAlarms);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Judge_TheSmallestDifference_IsFoundAsOftenAsItSays(int seeds)
    {
        var truth = new SimulatedComparison(seeds, 200, 0.05, 0.2);
        // Each comparison goes by its own estimate of the error, of which the square is right in the mean.
        var smallest = Math.Sqrt(Losses(truth, 0).Average(verdict => Math.Pow(verdict.SmallestDifference!.Value, 2)));

        var found = Losses(truth, smallest).Count(verdict => verdict.Conclusion == Conclusion.Better);

        output.WriteLine($"{smallest:F4} was found {found} times in {Comparisons}");
        // 80 % is what was asked for; with few seeds the promise is careful.
        Assert.InRange(found, 750, 950);
    }

    private static double Matthews(IReadOnlyList<double> outcomes, IReadOnlyList<int> drawn)
    {
        double right1 = 0, right0 = 0, wrong1 = 0, wrong0 = 0;
        foreach (var i in drawn)
        {
            _ = (i % 2, outcomes[i]) switch { (1, 1) => right1++, (0, 1) => right0++, (1, _) => wrong1++, _ => wrong0++ };
        }

        var product = (right1 + wrong1) * (right0 + wrong0) * (right1 + wrong0) * (right0 + wrong1);
        return product == 0 ? 0 : ((right1 * right0) - (wrong1 * wrong0)) / Math.Sqrt(product);
    }

    /// <summary>Verdicts on an arm that is like the reference but for a loss that is lower by the same on every item.</summary>
    private static IEnumerable<Verdict> Losses(SimulatedComparison truth, double gain)
    {
        var random = new StableRandom(18);
        var terms = new VerdictTerms { IsLowerBetter = true, Margin = 0.1 };
        for (var i = 0; i < Comparisons; i++)
        {
            var (reference, arms) = truth.Draw(random, 1, 0, isLoss: true);
            var better = arms[0].Seeds.Zip(arms[0].Outcomes).ToDictionary(
                seed => seed.First, seed => (IReadOnlyList<double>)[.. seed.Second.Select(loss => loss - gain)]);
            yield return Verdicts.Judge(reference, [ArmScores.OfItems("arm", better)], terms)[0];
        }
    }

    private static int Shown(SimulatedComparison truth, int arms, double advantage, bool isLoss, VerdictTerms? terms = null)
    {
        var random = new StableRandom(18);
        terms ??= new VerdictTerms { IsLowerBetter = isLoss };
        return Enumerable.Range(0, Comparisons).Count(_ =>
        {
            var (reference, others) = truth.Draw(random, arms, advantage, isLoss);
            return Verdicts.Judge(reference, others, terms).Any(verdict => verdict.Conclusion is Conclusion.Better or Conclusion.Worse);
        });
    }
}
