using System.Globalization;
using System.Text;

namespace ResLora.Text.Tokenization.Unicode;

/// <summary>
/// Sets of characters as Hugging Face's library has them. Its data are older than the runtime's, and BERT's sets are its own: what came to
/// Unicode later is neither punctuation nor a mark to it, and another set gives other ids.
/// </summary>
internal static class CharacterSets
{
    private static readonly Dictionary<string, (int[] Firsts, int[] Lasts)> _sets = Read();

    /// <summary>Whether a character is punctuation; ASCII's symbols, such as $ and +, count too.</summary>
    public static bool IsPunctuation(Rune rune) => Contains("P", rune);

    /// <summary>Whether a character is a mark: without width, with width, or enclosing.</summary>
    public static bool IsMark(Rune rune) => Contains("M", rune);

    /// <summary>Whether a character is a mark without width, which BERT takes for an accent.</summary>
    public static bool IsAccent(Rune rune) => Contains("N", rune);

    /// <summary>Whether BERT takes a character out: control, format and private characters, but tab and the ends of lines.</summary>
    public static bool IsOther(Rune rune) => Contains("O", rune);

    /// <summary>Whether a character came to Unicode after the library's scripts, so that it has none.</summary>
    public static bool IsWithoutScript(Rune rune) => Contains("Y", rune);

    private static bool Contains(string name, Rune rune)
    {
        var (firsts, lasts) = _sets[name];
        var at = Array.BinarySearch(firsts, rune.Value);
        at = at < 0 ? ~at - 1 : at;
        return at >= 0 && rune.Value <= lasts[at];
    }

    private static Dictionary<string, (int[] Firsts, int[] Lasts)> Read()
    {
        using var stream = typeof(CharacterSets).Assembly.GetManifestResourceStream("CharacterSets.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' '))
            .GroupBy(fields => fields[0], StringComparer.Ordinal)
            .ToDictionary(
                set => set.Key,
                set => (set.Select(fields => Hex(fields[1])).ToArray(), set.Select(fields => Hex(fields[2])).ToArray()),
                StringComparer.Ordinal);
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
