using ResLora.Formats.Errors;
using ResLora.Statistics;
using ResLora.Statistics.Hypotheses;
using Xunit;

namespace ResLora.Tests.Statistics.Hypotheses;

/// <summary>Values by SciPy 1.17 (ttest_rel, ttest_1samp); the empty cases are SciPy's, too.</summary>
public sealed class PairedTTestTests
{
    private const double Tolerance = 1e-9;

    private static readonly double[] _first = [0.2, 1.5, -0.3, 2.2, 0.9, 1.1, -1.0, 0.4];
    private static readonly double[] _second = [0.9, 1.4, 0.8, 2.9, 0.9, 2.0, -0.6, 1.9];

    [Fact]
    public void Of_Pairs_EqualsSciPy()
    {
        var test = PairedTTest.Of(_first, _second);

        Assert.Equal(3.4055894079712945, test.T, Tolerance);
        Assert.Equal(0.011355760108784932, test.P, Tolerance);
        Assert.Equal(0.19868142356277113, test.Interval.Low, Tolerance);
        Assert.Equal(1.1013185764372286, test.Interval.High, Tolerance);
        Assert.Equal(7, test.Freedom);
    }

    [Fact]
    public void Of_OnePairOrNoSpread_IsAsSciPyHasIt()
    {
        var one = PairedTTest.Of([1], [2]);
        var equal = PairedTTest.Of([1, 2, 3], [1, 2, 3]);
        var shifted = PairedTTest.Of([1, 2, 3], [2, 3, 4]);

        Assert.Equal((double.NaN, double.NaN, double.NaN), (one.T, one.P, one.Interval.Low));
        Assert.Equal((double.NaN, double.NaN, new Interval(0, 0)), (equal.T, equal.P, equal.Interval));
        Assert.Equal((double.PositiveInfinity, 0.0, new Interval(1, 1)), (shifted.T, shifted.P, shifted.Interval));
    }

    [Fact]
    public void Equivalence_OfTheOther_IsTheLargerOfTwoTests()
    {
        // The larger p is that of the margin on the side of the mean, 0.65 with a standard error of 0.19: t = (1 − 0.65) / 0.1909.
        var test = PairedTTest.Of(_first, _second);
        var t = (1 - test.Mean) / (test.Deviation / Math.Sqrt(8));

        Assert.Equal(Student.Above(t, 7), EquivalenceTest.P(_first, _second, 1), Tolerance);
        Assert.True(EquivalenceTest.P(_first, _second, 0.5) > 0.5);
        Assert.Equal(0, EquivalenceTest.P([1, 2, 3], [2, 3, 4], 2));
        Assert.Equal(1, EquivalenceTest.P([1, 2, 3], [2, 3, 4], 0.5));
    }

    [Fact]
    public void All_WhatCannotBePaired_IsRefusedByName()
    {
        var uneven = Assert.Throws<ConfigException>(() => PairedTTest.Of([1, 2], [1]));
        var infinite = Assert.Throws<ConfigException>(() => WilcoxonTest.P([1, 2], [1, double.NaN]));
        var many = Assert.Throws<ConfigException>(() => SignFlipTest.P(new double[30], new double[30]));

        Assert.Contains("there are 2 and 1", uneven.Message, StringComparison.Ordinal);
        Assert.Contains("pair 2 is 2 and NaN", infinite.Message, StringComparison.Ordinal);
        Assert.Contains("there are 30", many.Message, StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => PairedTTest.Of([], []));
        Assert.Throws<ConfigException>(() => WilcoxonTest.P(new double[2000], [.. Enumerable.Range(1, 2000).Select(i => (double)i)]));
        Assert.Throws<ConfigException>(() => EquivalenceTest.P([1, 2], [2, 4], 0));
        Assert.Throws<ConfigException>(() => McNemarTest.Of([true], []));
    }
}
