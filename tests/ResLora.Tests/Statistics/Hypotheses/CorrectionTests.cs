using ResLora.Formats.Errors;
using ResLora.Statistics.Hypotheses;
using Xunit;

namespace ResLora.Tests.Statistics.Hypotheses;

/// <summary>Values worked out by hand.</summary>
public sealed class CorrectionTests
{
    private const double Tolerance = 1e-12;

    [Fact]
    public void Both_UnorderedValues_StayInTheirPlaces()
    {
        double[] p = [0.04, 0.01, 0.03, 0.5];

        // Holm: 4 · 0.01, 3 · 0.03, the larger of 2 · 0.04 and 0.09, 1 · 0.5.
        // Hochberg: 4/4 · 0.5, 4/3 · 0.04, the smaller of that and 4/2 · 0.03, and 4 · 0.01.
        Near([0.09, 0.04, 0.09, 0.5], Correction.Holm(p));
        Near([0.16 / 3, 0.04, 0.16 / 3, 0.5], Correction.BenjaminiHochberg(p));
    }

    [Fact]
    public void Both_TiesAndOnes_StayAtMostOne()
    {
        Near([1, 1, 1], Correction.Holm([0.5, 0.5, 1]));
        Near([0.75, 0.75, 1], Correction.BenjaminiHochberg([0.5, 0.5, 1]));
        Near([0.02], Correction.Holm([0.02]));
        Assert.Empty(Correction.Holm([]));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    public void Both_ValuesThatAreNoChance_AreRefused(double p)
    {
        var refusal = Assert.Throws<ConfigException>(() => Correction.Holm([0.5, p]));

        Assert.StartsWith("p value 2 is ", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => Correction.BenjaminiHochberg([p]));
    }

    private static void Near(double[] expected, IReadOnlyList<double> got)
    {
        Assert.Equal(expected.Length, got.Count);
        Assert.All(expected.Zip(got), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }
}
