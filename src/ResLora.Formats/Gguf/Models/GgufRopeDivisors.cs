using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf.Models;

/// <summary>
/// Llama 3's scaling out of its divisors (<c>rope_freqs.weight</c>), which is all that a file says of it. With f turns a position, low and
/// high factor l and h and the first length n, a divisor is 1 where f · n &gt; h, the factor F where f · n &lt; l, and between them
/// 1 / ((1 − s) / F + s) with s = (f · n − l) / (h − l). Only n : l : h counts, so that l may be 1.
/// </summary>
internal static class GgufRopeDivisors
{
    // Divisors are float32 and were computed in it.
    private const double Tolerance = 3e-6;
    private const double UsualHigh = 4;
    private const double SmallestOfRange = 1.0001;

    private static readonly double[] _usualFactors = [8, 32, 16, 4, 2, 64];
    private static readonly double[] _usualLengths = [.. Enumerable.Range(4, 14).Select(power => Math.Pow(2, power))];

    /// <summary>The setting, or null where every divisor is 1.</summary>
    public static JsonObject? Scaling(GgufFile file, double theta, int headSize)
    {
        var divisors = Read(file, headSize / 2);
        if (Array.TrueForAll(divisors, divisor => divisor == 1))
        {
            return null;
        }

        double[] turns = [.. Enumerable.Range(0, divisors.Length).Select(i => Math.Pow(theta, -2.0 * i / headSize) / (2 * Math.PI))];
        foreach (var (factor, high, length) in Candidates(divisors, turns))
        {
            if (turns.Zip(divisors).All(pair => Math.Abs((Divisor(pair.First, factor, high, length) / pair.Second) - 1) < Tolerance))
            {
                return new JsonObject
                {
                    ["rope_type"] = "llama3",
                    ["factor"] = factor,
                    ["low_freq_factor"] = 1.0,
                    ["high_freq_factor"] = high,
                    ["original_max_position_embeddings"] = length,
                };
            }
        }

        throw new ConfigException(
            $"'{file.Path}': '{GgufTensorNames.FrequencyDivisors}' is no scaling of llama3's kind, and others are not supported.");
    }

    private static double Divisor(double turns, double factor, double high, double length)
    {
        var share = Math.Clamp(((turns * length) - 1) / (high - 1), 0, 1);
        return 1 / (((1 - share) / factor) + share);
    }

    private static IEnumerable<(double Factor, double High, double Length)> Candidates(float[] divisors, double[] turns)
    {
        double[] factors = [divisors.Max(), .. _usualFactors];
        foreach (var factor in factors)
        {
            foreach (var length in _usualLengths)
            {
                yield return (factor, UsualHigh, length);
            }
        }

        foreach (var factor in factors)
        {
            if (Fitted(divisors, turns, factor) is { } fitted)
            {
                yield return fitted;
            }
        }
    }

    /// <summary>The line through the shares s of the pairs between; or any that parts the two kinds where there are none between.</summary>
    private static (double Factor, double High, double Length)? Fitted(float[] divisors, double[] turns, double factor)
    {
        var between = turns.Zip(divisors)
            .Where(pair => pair.Second > SmallestOfRange && pair.Second < factor / SmallestOfRange)
            .Select(pair => (Turns: pair.First, Share: ((1 / pair.Second) - (1 / factor)) / (1 - (1 / factor)))).ToArray();
        switch (between)
        {
            case [var only]:
                return (factor, UsualHigh, ((only.Share * (UsualHigh - 1)) + 1) / only.Turns);
            case [var first, .., var last]:
                var slope = (first.Share - last.Share) / (first.Turns - last.Turns);
                var below = (slope * last.Turns) - last.Share;   // l / (h − l) with l = 1
                return below > 0 ? (factor, 1 + (1 / below), slope / below) : null;
            default:
                var (plain, divided) = (
                    turns.Zip(divisors).Where(pair => pair.Second == 1), turns.Zip(divisors).Where(pair => pair.Second != 1));
                var (least, most) = (plain.Select(pair => pair.First).DefaultIfEmpty(1).Min(), divided.Select(pair => pair.First).Max());
                var step = Math.Cbrt(least / most);
                return step > 1 ? (factor, step, 1 / (most * step)) : null;
        }
    }

    private static float[] Read(GgufFile file, int count)
    {
        var entry = file.Entry(GgufTensorNames.FrequencyDivisors);
        var values = new float[entry.TypeName == "F32" && entry.Count == count ? count : 0];
        file.ReadData(entry, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values.Length == count && Array.TrueForAll(values, divisor => divisor > 0 && float.IsFinite(divisor))
            ? values
            : throw new FileFormatException($"'{file.Path}': '{entry.Name}' must hold {count} positive numbers in F32; found "
                + $"{entry.Count} in {entry.TypeName}{(values.Length == 0 ? "" : $": {string.Join(", ", values.Take(8))}")}.");
    }
}
