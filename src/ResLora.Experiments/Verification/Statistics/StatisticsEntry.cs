using System.Text.Json;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Verification.Statistics;

/// <summary>An entry of statistics.json: the keys that were asked for are its input, the others are expected.</summary>
/// <param name="name">Its name.</param>
/// <param name="kind">Its kind.</param>
/// <param name="json">Its content.</param>
internal sealed class StatisticsEntry(string name, string kind, JsonElement json)
{
    private const string ToleranceKey = "tolerance";
    private const string Bootstrap = "bootstrap";

    // What should be 0, such as a mean of numbers that cancel, is off by the rounding of those, whatever its own size; and an interval of a
    // bootstrap may lie about 0.
    private const double SmallestScale = 1e-3;
    private const double SmallestBootstrapScale = 1;

    private readonly HashSet<string> _inputs = new(StringComparer.Ordinal) { ToleranceKey };

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Whether there is a key.</summary>
    /// <param name="key">The key.</param>
    public bool Has(string key) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out _);

    /// <summary>Numbers of the input.</summary>
    /// <param name="key">Their key.</param>
    /// <exception cref="FileFormatException">They are missing, or no numbers.</exception>
    public double[] Numbers(string key) => Numbers(key, Input(key));

    /// <summary>Refuses lists of the input that are not of one length, or empty.</summary>
    /// <param name="key">The key of one.</param>
    /// <param name="first">Its length.</param>
    /// <param name="other">The key of the other.</param>
    /// <param name="second">The other's length.</param>
    /// <exception cref="FileFormatException">They are not.</exception>
    public void RequireAsMany(string key, int first, string other, int second)
    {
        if (first == 0 || first != second)
        {
            throw Wrong(key, $"there are {first} values and {second} of '{other}'; there must be as many, and one at least");
        }
    }

    /// <summary>Whole numbers of the input.</summary>
    /// <param name="key">Their key.</param>
    /// <exception cref="FileFormatException">They are missing, or not whole.</exception>
    public int[] Whole(string key) =>
        [.. Numbers(key).Select(number => number == (int)number ? (int)number : throw Wrong(key, "whole numbers are needed"))];

    /// <summary>Zeros and ones of the input.</summary>
    /// <param name="key">Their key.</param>
    /// <exception cref="FileFormatException">They are missing, or others.</exception>
    public IEnumerable<bool> Flags(string key) =>
        Numbers(key).Select(number => number is 0 or 1 ? number == 1 : throw Wrong(key, "zeros and ones are needed"));

    /// <summary>One number of the input.</summary>
    /// <param name="key">Its key.</param>
    /// <exception cref="FileFormatException">It is missing, or none.</exception>
    public double Number(string key) => Numbers(key) is [var number] ? number : throw Wrong(key, "one number is needed");

    /// <summary>Rows of numbers of the input.</summary>
    /// <param name="key">Their key.</param>
    /// <exception cref="FileFormatException">They are missing, or no rows of equal length.</exception>
    public double[][] Rows(string key)
    {
        var rows = Input(key);
        double[][] numbers = rows.ValueKind == JsonValueKind.Array
            ? [.. rows.EnumerateArray().Select(row => Numbers(key, row))]
            : throw Wrong(key, "rows are needed");
        return numbers.Length > 0 && numbers.All(row => row.Length == numbers[0].Length && row.Length > 0)
            ? numbers
            : throw Wrong(key, "rows of equal length are needed");
    }

    /// <summary>A word of the input.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="supported">The words that are known.</param>
    /// <exception cref="ConfigException">It is another.</exception>
    public string Word(string key, params string[] supported)
    {
        var word = Input(key) is { ValueKind: JsonValueKind.String } text ? text.GetString() : throw Wrong(key, "a word is needed");
        return supported.Contains(word)
            ? word!
            : throw new ConfigException($"{name}: the {key} '{word}' is not supported ({string.Join(", ", supported)} are)");
    }

    /// <summary>The keys that are expected, all that are not input.</summary>
    public IEnumerable<string> Expected() => json.EnumerateObject().Select(property => property.Name).Where(key => !_inputs.Contains(key));

    /// <summary>The largest difference of a figure that passes: the entry's own, or the case's.</summary>
    /// <param name="key">The figure.</param>
    /// <param name="tolerances">Those of the case.</param>
    /// <exception cref="ConfigException">There is none.</exception>
    public double Tolerance(string key, IReadOnlyDictionary<string, double> tolerances)
    {
        var tolerance = kind == Bootstrap ? Bootstrap : key.Contains("power", StringComparison.Ordinal) ? "power" : "other";
        return Has(ToleranceKey) ? Number(ToleranceKey)
            : tolerances.TryGetValue(tolerance, out var value) ? value
            : throw new ConfigException($"case.json: there is no tolerance '{tolerance}'");
    }

    /// <summary>max |got − expected| / max |expected|; what has no answer must have none here either.</summary>
    /// <param name="key">The figure.</param>
    /// <param name="figure">Ours.</param>
    /// <returns>The difference, and a refusal's sentence where a number was expected.</returns>
    public (double Difference, string? Failure) Difference(string key, Func<double[]> figure)
    {
        var expected = Numbers(key, json.GetProperty(key));
        double[] got;
        try
        {
            got = figure();
        }
        catch (ConfigException refusal)
        {
            return expected.All(double.IsNaN) ? (0, null) : (double.PositiveInfinity, refusal.Message);
        }

        var scale = expected.Where(double.IsFinite)
            .Select(Math.Abs)
            .Append(kind == Bootstrap ? SmallestBootstrapScale : SmallestScale)
            .Max();
        var differences = got.Zip(expected, (a, b) => a.Equals(b) ? 0 : Math.Abs(a - b) / scale);
        var fits = got.Length == expected.Length && differences.All(double.IsFinite);
        return (fits ? differences.DefaultIfEmpty().Max() : double.PositiveInfinity, null);
    }

    private JsonElement Input(string key)
    {
        _inputs.Add(key);
        return Has(key) ? json.GetProperty(key) : throw Wrong(key, "it is missing");
    }

    // The words are those that Python's json writes bare.
    private double[] Numbers(string key, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().SelectMany(one => Numbers(key, one))],
        JsonValueKind.Number => [value.GetDouble()],
        JsonValueKind.True => [1],
        JsonValueKind.False => [0],
        JsonValueKind.Null => [double.NaN],
        JsonValueKind.String when value.GetString() is "NaN" => [double.NaN],
        JsonValueKind.String when value.GetString() is "Infinity" => [double.PositiveInfinity],
        JsonValueKind.String when value.GetString() is "-Infinity" => [double.NegativeInfinity],
        _ => throw Wrong(key, "numbers are needed"),
    };

    private FileFormatException Wrong(string key, string what) => new($"statistics.json, '{name}.{key}': {what}.");
}
