using System.Text.Json;
using System.Text.RegularExpressions;
using ResLora.Experiments.Sharing;

namespace ResLora.Experiments.Sweeping;

/// <summary>What points and their folders are called.</summary>
internal static partial class PointNames
{
    private const int Longest = 60;
    private const int DigestLength = 8;

    /// <summary>What keys are called: their last part, or all of it where two end alike.</summary>
    /// <param name="keys">Dotted keys.</param>
    public static IReadOnlyList<string> OfKeys(IEnumerable<string> keys)
    {
        string[] all = [.. keys];
        static string Last(string key) => key[(key.LastIndexOf('.') + 1)..];
        return [.. all.Select(key => all.Count(other => Last(other) == Last(key)) > 1 ? key : Last(key))];
    }

    /// <summary>A value as people write it.</summary>
    /// <param name="value">The value.</param>
    public static string OfValue(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    /// <summary>A name that a folder can have on any disk; what is changed for that keeps a digest of the name.</summary>
    /// <param name="name">A point's name.</param>
    public static string FolderOf(string name)
    {
        var narrow = name.Replace(", ", ",", StringComparison.Ordinal);
        var folder = Other().Replace(narrow, "-");
        return folder == narrow && folder.Length <= Longest
            ? folder
            : $"{folder[..Math.Min(folder.Length, Longest)]}-{ContentDigest.OfText(name)[..DigestLength]}";
    }

    [GeneratedRegex("[^A-Za-z0-9.,=_+]+", RegexOptions.CultureInvariant)]
    private static partial Regex Other();
}
