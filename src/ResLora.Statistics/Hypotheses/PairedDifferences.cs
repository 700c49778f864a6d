using ResLora.Formats.Errors;

namespace ResLora.Statistics.Hypotheses;

/// <summary>What the paired tests ask of their input.</summary>
internal static class PairedDifferences
{
    /// <summary>second − first, pair by pair.</summary>
    /// <exception cref="ConfigException">There are none, or not as many of both, or one is not finite.</exception>
    public static double[] Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Count == 0 || first.Count != second.Count)
        {
            throw new ConfigException(
                $"A paired test needs as many values of both sides, and one at least; there are {first.Count} and {second.Count}.");
        }

        var bad = Enumerable.Range(0, first.Count).FirstOrDefault(i => !double.IsFinite(first[i]) || !double.IsFinite(second[i]), -1);
        return bad < 0
            ? [.. first.Zip(second, (a, b) => b - a)]
            : throw new ConfigException($"A paired test needs finite values; pair {bad + 1} is {first[bad]} and {second[bad]}.");
    }
}
