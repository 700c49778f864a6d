using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>
/// The sets of characters that a pattern can name. General categories are the runtime's, whose data are those of Hugging Face's library (a
/// test compares them); the other sets are carried along.
/// </summary>
internal static class PatternSets
{
    private static readonly string[] _categories =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ]; // in the order of UnicodeCategory

    // Planes 4 to 13, in which nothing is assigned.
    private const int FirstEmpty = 0x40000;
    private const int LastEmpty = 0xDFFFF;

    private static readonly CodePointSet[] _byCategory = ReadCategories();
    private static readonly Dictionary<string, string> _lines = [];
    private static readonly List<string> _scripts = [];
    private static readonly ConcurrentDictionary<string, CodePointSet> _sets = new(StringComparer.Ordinal);

    /// <summary>White space, <c>\s</c>.</summary>
    public static CodePointSet Space => Find("space")!;

    /// <summary>Decimal digits, <c>\d</c>.</summary>
    public static CodePointSet Digit => Find("nd")!;

    /// <summary>Hexadecimal digits, <c>\h</c>.</summary>
    public static CodePointSet HexDigit => Find("xdigit")!;

    /// <summary>The characters of a word within brackets, <c>[\w]</c>.</summary>
    public static CodePointSet Word => Find("word")!;

    /// <summary>
    /// The characters of a word outside of brackets, <c>\w</c> and <c>\b</c>: with ², ³, ¹, ¼, ½ and ¾, which come from the library's table
    /// for Latin 1.
    /// </summary>
    public static CodePointSet BareWord => Word.Or(CodePointSet.Of(0xB2, 0xB3)).Or(CodePointSet.Of(0xB9)).Or(CodePointSet.Of(0xBC, 0xBE));

    /// <summary>All but the line feed.</summary>
    public static CodePointSet NotLineFeed { get; } = CodePointSet.Of('\n').Not();

    /// <summary>The scripts, such as Latin; every character has one at most.</summary>
    public static IEnumerable<CodePointSet> Scripts => _scripts.Select(name => Find(name)!);

    /// <summary>The set of <c>\p{name}</c>.</summary>
    /// <param name="name">The name; case, blanks, <c>_</c> and <c>-</c> do not count.</param>
    /// <returns>The set, or null when there is none of that name.</returns>
    public static CodePointSet? Find(string name) =>
        _lines.TryGetValue(Bare(name), out var line) ? _sets.GetOrAdd(line, Make) : null;

    /// <summary>The set of <c>[[:name:]]</c>.</summary>
    /// <param name="name">The name, letter for letter.</param>
    /// <returns>The set, or null when there is none of that name.</returns>
    public static CodePointSet? FindBracketed(string name) => name switch
    {
        "punct" => Find("posixpunct"),
        "alnum" or "alpha" or "ascii" or "blank" or "cntrl" or "digit" or "graph" or "lower" or "print" or "space" or "upper" or "word" or "xdigit" =>
            Find(name),
        _ => null,
    };

    private static string Bare(string name) => string.Concat(name.Where(c => c is not (' ' or '_' or '-'))).ToLowerInvariant();

    // Without the optimization a first pattern costs a tenth of a second.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static CodePointSet[] ReadCategories()
    {
        var ranges = _categories.Select(_ => new List<(int First, int Last)>()).ToArray();
        var (first, last) = (0, CharUnicodeInfo.GetUnicodeCategory(0));
        for (var point = 1; point < CodePointSet.Bound; point++)
        {
            // Most of Unicode is empty, and it takes time to ask for all of it.
            point = point == FirstEmpty ? LastEmpty : point;
            var category = CharUnicodeInfo.GetUnicodeCategory(point);
            if (category != last)
            {
                ranges[(int)last].Add((first, point - 1));
                (first, last) = (point, category);
            }
        }

        ranges[(int)last].Add((first, CodePointSet.Bound - 1));
        return [.. ranges.Select(CodePointSet.OfSorted)];
    }

    // The lines of the sets by name; a set is made when it is first asked for.
    static PatternSets()
    {
        using var stream = typeof(PatternSets).Assembly.GetManifestResourceStream("PatternSets.txt")!;
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd().Replace("\n ", " ", StringComparison.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('#')))
        {
            var names = line[..line.IndexOf(':')].TrimStart('*').Split(' ');
            foreach (var name in names)
            {
                _lines.Add(name, line[(line.IndexOf(':') + 1)..]);
            }

            if (line.StartsWith('*'))
            {
                _scripts.Add(names[0]);
            }
        }
    }

    private static CodePointSet Make(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var names = parts.TakeWhile(part => part[0] == '+' || part.Any(char.IsAsciiLetterLower)).ToArray();
        var ranges = CodePointSet.OfSorted(
            parts[names.Length..].Select(part => part.Split('-')).Select(ends => (Hex(ends[0]), Hex(ends[^1]))));
        return names
            .Aggregate(CodePointSet.Empty, (set, name) => name[0] == '+' ? set.Or(Part(name[1..])) : set.Xor(Part(name)))
            .Xor(ranges);
    }

    private static CodePointSet Part(string name) =>
        Array.IndexOf(_categories, name) is >= 0 and var category ? _byCategory[category] : Find(name)!;

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
