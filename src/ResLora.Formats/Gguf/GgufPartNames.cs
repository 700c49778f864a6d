using System.Globalization;
using System.Text.RegularExpressions;

namespace ResLora.Formats.Gguf;

/// <summary>The names of a model's files where it has several, as llama.cpp's gguf-split gives them: <c>NAME-00001-of-00003.gguf</c>.</summary>
public static partial class GgufPartNames
{
    /// <summary>All files of the model that a file is one of.</summary>
    /// <param name="path">The file's name, with or without a folder.</param>
    /// <returns>The names in order; the file alone where its name says nothing of parts.</returns>
    public static IReadOnlyList<string> Of(string path) =>
        Parse(path) is var (stem, _, count) ? [.. Enumerable.Range(0, count).Select(number => Of(stem, number, count))] : [path];

    /// <summary>The name of one file.</summary>
    /// <param name="stem">What the names of all of them begin with.</param>
    /// <param name="number">Its number, from 0.</param>
    /// <param name="count">How many there are.</param>
    internal static string Of(string stem, int number, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"{stem}-{number + 1:D5}-of-{count:D5}.gguf");

    /// <summary>What a name says, its number counted from 0; null when it says nothing of parts.</summary>
    /// <param name="path">The name.</param>
    internal static (string Stem, int Number, int Count)? Parse(string path)
    {
        var match = PartName().Match(path);
        int Digits(string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
        return match.Success ? (match.Groups["stem"].Value, Digits("number") - 1, Digits("count")) : null;
    }

    [GeneratedRegex(
        @"^(?<stem>.*)-(?<number>\d{5})-of-(?<count>\d{5})\.gguf$", RegexOptions.CultureInvariant | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex PartName();
}
