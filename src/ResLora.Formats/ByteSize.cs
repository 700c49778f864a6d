using System.Globalization;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;

namespace ResLora.Formats;

/// <summary>Reads and writes sizes of memory and of files, such as <c>2GiB</c>, <c>512MiB</c> or <c>1.5GB</c>.</summary>
public static partial class ByteSize
{
    private static readonly Dictionary<string, double> _units = new(StringComparer.OrdinalIgnoreCase)
    {
        [""] = 1,
        ["b"] = 1,
        ["kb"] = 1e3,
        ["mb"] = 1e6,
        ["gb"] = 1e9,
        ["tb"] = 1e12,
        ["kib"] = 1L << 10,
        ["mib"] = 1L << 20,
        ["gib"] = 1L << 30,
        ["tib"] = 1L << 40,
    };

    /// <summary>The bytes of a size.</summary>
    /// <param name="option">The option's name, for the error.</param>
    /// <param name="text">The size as written.</param>
    /// <returns>Bytes, above 0.</returns>
    /// <exception cref="ConfigException">It is no size.</exception>
    public static long Parse(string option, string text) => TryParse(text) ?? throw new ConfigException($"{option} {Problem(text)}.");

    /// <summary>What is wrong with a text that is no size, as a phrase that follows the name of a setting.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The phrase.</returns>
    public static string Problem(string text) => $"is '{text}'; it must be a size such as 2GiB, 512MiB or 1.5GB";

    /// <summary>The bytes of a size, or null when it is none.</summary>
    /// <param name="text">The size as written.</param>
    /// <returns>Bytes, above 0; null for anything else.</returns>
    public static long? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var match = Size().Match(text.Trim());
        var bytes = match.Success && _units.TryGetValue(match.Groups["unit"].Value, out var unit)
            ? double.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) * unit
            : 0;
        return bytes is >= 1 and < long.MaxValue ? (long)bytes : null;
    }

    /// <summary>A size in words, such as <c>1.5 GB</c>: decimal units.</summary>
    /// <param name="bytes">Bytes, 0 or more.</param>
    /// <returns>The words.</returns>
    public static string Format(long bytes)
    {
        string[] units = ["bytes", "kB", "MB", "GB", "TB"];
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1000 && unit < units.Length - 1)
        {
            (value, unit) = (value / 1000, unit + 1);
        }

        return unit == 0 ? $"{bytes} bytes" : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {units[unit]}");
    }

    [GeneratedRegex(@"^(?<number>\d{1,15}(\.\d{1,9})?)\s*(?<unit>[a-zA-Z]*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Size();
}
