using System.Globalization;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf.Models;

/// <summary>The keys of a model's architecture; each value is what llama.cpp would take, or is refused by its key.</summary>
/// <param name="file">The open file.</param>
/// <param name="architecture">What the keys begin with.</param>
internal sealed class GgufModelKeys(GgufFile file, string architecture)
{
    /// <summary>A whole key.</summary>
    public string Full(string key) => $"{architecture}.{key}";

    /// <summary>Whether there is a key.</summary>
    public bool Has(string key) => file.Metadata.ContainsKey(Full(key));

    /// <summary>A positive number that must be there.</summary>
    public int Size(string key) => SizeOrNull(key) ?? throw new FileFormatException($"'{file.Path}' has no key '{Full(key)}'.");

    /// <summary>A positive number; one for each layer counts where all are equal.</summary>
    public int? SizeOrNull(string key) => !file.Metadata.TryGetValue(Full(key), out var value) ? null : value switch
    {
        uint number => Positive(key, number),
        uint[] { Length: > 0 } list => Positive(key, Same(key, Array.ConvertAll(list, item => (long)item))),
        int[] { Length: > 0 } list => Positive(key, Same(key, Array.ConvertAll(list, item => (long)item))),
        _ => throw new FileFormatException($"'{file.Path}': the key '{Full(key)}' holds {value.GetType().Name}; UInt32 is needed."),
    };

    /// <summary>A number, or null.</summary>
    public float? NumberOrNull(string key) => !file.TryGet<float>(Full(key), out var number) ? null
        : float.IsFinite(number) ? number : throw new FileFormatException($"'{file.Path}': the key '{Full(key)}' is {number}.");

    /// <summary>A positive number.</summary>
    public float Positive(string key, float? usual = null) => (NumberOrNull(key) ?? usual) switch
    {
        > 0 and var number => number,
        null => throw new FileFormatException($"'{file.Path}' has no key '{Full(key)}'."),
        var number =>
            throw new FileFormatException(
                $"'{file.Path}': the key '{Full(key)}' is {number?.ToString(CultureInfo.InvariantCulture)}; it must be positive."),
    };

    /// <summary>A text, or null.</summary>
    public string? TextOrNull(string key) => file.TryGet<string>(Full(key), out var text) ? text : null;

    /// <summary>Refuses a key that would change the numbers and is not supported, unless it says what holds without it.</summary>
    public void RequireUsual(string key, params double[] usual)
    {
        if (file.Metadata.TryGetValue(Full(key), out var value) && !usual.Contains(value is bool flag ? (flag ? 1 : 0) : AsNumber(value)))
        {
            throw new ConfigException($"'{file.Path}': the key '{Full(key)}' is {value}, which is not supported.");
        }
    }

    private static double AsNumber(object value) =>
        value is IConvertible and not string ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : double.NaN;

    private int Positive(string key, long number) => number is > 0 and <= int.MaxValue
        ? (int)number
        : throw new FileFormatException($"'{file.Path}': the key '{Full(key)}' is {number}; it must be from 1 to {int.MaxValue}.");

    private long Same(string key, long[] list) => Array.TrueForAll(list, item => item == list[0])
        ? list[0]
        : throw new ConfigException($"'{file.Path}': the key '{Full(key)}' differs from layer to layer, which is not supported.");
}
