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
        from data in new (int Seeds, int Items)[] { (3, 60), (3, 200), (5, 100) }
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
    [InlineData(3, 0.05)]
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

    private static int Shown(SimulatedComparison truth, int arms, double advantage, bool isLoss)
    {
        var random = new StableRandom(18);
        var terms = new VerdictTerms { IsLowerBetter = isLoss };
        return Enumerable.Range(0, Comparisons).Count(_ =>
        {
            var (reference, others) = truth.Draw(random, arms, advantage, isLoss);
            return Verdicts.Judge(reference, others, terms).Any(verdict => verdict.Conclusion is Conclusion.Better or Conclusion.Worse);
        });
    }
}
