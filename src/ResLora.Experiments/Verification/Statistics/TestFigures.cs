using ResLora.Statistics;
using ResLora.Statistics.Hypotheses;
using ResLora.Statistics.Intervals;

namespace ResLora.Experiments.Verification.Statistics;

/// <summary>What tests and intervals give, by the names of statistics.json.</summary>
internal static class TestFigures
{
    // As many as leave an error that is small beside the tolerance.
    private const int Resamples = 50_000;

    public static IReadOnlyDictionary<string, Func<double[]>> OfPaired(StatisticsEntry entry)
    {
        double[] first = entry.Numbers("a"), second = entry.Numbers("b");
        var margin = entry.Has("equivalence_margin") ? entry.Number("equivalence_margin") : double.NaN;
        var test = new Lazy<PairedTTest>(() => PairedTTest.Of(first, second));
        return new Dictionary<string, Func<double[]>>
        {
            ["mean"] = () => [test.Value.Mean],
            ["sd"] = () => [test.Value.Deviation],
            ["t"] = () => [test.Value.T],
            ["p"] = () => [test.Value.P],
            ["df"] = () => [test.Value.Freedom],
            ["ci95"] = () => Bounds(test.Value.Interval),
            ["sign_flip_p"] = () => [SignFlipTest.P(first, second)],
            ["wilcoxon_exact_p"] = () => [WilcoxonTest.P(first, second)],
            ["smallest_difference_at_80_percent_power"] = () => [SmallestDifference.Of(test.Value.Deviation, first.Length)],
            ["tost_p"] = () => [EquivalenceTest.P(first, second, margin)],
        };
    }

    public static IReadOnlyDictionary<string, Func<double[]>> OfMcNemar(StatisticsEntry entry)
    {
        bool[] first = [.. entry.Flags("a")], second = [.. entry.Flags("b")];
        var test = new Lazy<McNemarTest>(() => McNemarTest.Of(first, second));
        return new Dictionary<string, Func<double[]>>
        {
            ["only_a_right"] = () => [test.Value.OnlyFirst],
            ["only_b_right"] = () => [test.Value.OnlySecond],
            ["exact_p"] = () => [test.Value.P],
        };
    }

    public static IReadOnlyDictionary<string, Func<double[]>> OfProportion(StatisticsEntry entry)
    {
        var (successes, count) = (entry.Whole("successes")[0], entry.Whole("n")[0]);
        return new Dictionary<string, Func<double[]>>
        {
            ["wilson95"] = () => Bounds(ProportionInterval.Wilson(successes, count)),
            ["clopper_pearson95"] = () => Bounds(ProportionInterval.ClopperPearson(successes, count)),
        };
    }

    public static IReadOnlyDictionary<string, Func<double[]>> OfFamily(StatisticsEntry entry)
    {
        var p = entry.Numbers("p");
        return new Dictionary<string, Func<double[]>>
        {
            ["holm"] = () => [.. Correction.Holm(p)],
            ["benjamini_hochberg"] = () => [.. Correction.BenjaminiHochberg(p)],
        };
    }

    public static IReadOnlyDictionary<string, Func<double[]>> OfBootstrap(StatisticsEntry entry)
    {
        var values = entry.Numbers("x");
        Func<double[], double> figure = entry.Word("statistic", "mean", "median") == "mean" ? Mean : Median;
        return new Dictionary<string, Func<double[]>>
        {
            ["bca95"] = () => Bounds(Bootstrap.Bca(values, figure, resamples: Resamples)),
            ["percentile95"] = () => Bounds(Bootstrap.Percentile(values, figure, resamples: Resamples)),
        };
    }

    private static double[] Bounds(Interval interval) => [interval.Low, interval.High];

    private static double Mean(double[] sample) => sample.Average();

    private static double Median(double[] sample)
    {
        Array.Sort(sample);
        return (sample[(sample.Length - 1) / 2] + sample[sample.Length / 2]) / 2;
    }
}
