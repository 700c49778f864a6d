using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>Which characters are the same without regard to case.</summary>
internal static class CaseFolding
{
    private const int FirstWithoutCase = 0x20000; // above it are ideographs

    // Folded alike although neither is the other's upper or lower case.
    private static readonly (int, int)[] _others = [('s', 0x17F), (0x390, 0x1FD3), (0x3B0, 0x1FE3), (0xFB05, 0xFB06)];

    private static readonly Dictionary<int, List<int>> _classes = ReadClasses();
    private static readonly (int Point, int[] Folded)[] _full = ReadFull();

    /// <summary>Characters that fold to several, such as ß to ss, each with the first ones of what the several are the same as.</summary>
    public static IReadOnlyList<(int Point, int[] Folded)> Full => _full;

    /// <summary>The first of the characters that are the same as one.</summary>
    public static int Key(int point) => _classes.TryGetValue(point, out var alike) ? alike[0] : point;

    /// <summary>A set with all characters that are the same as one of it.</summary>
    public static CodePointSet Close(CodePointSet set) => set.Or(CodePointSet.OfSorted(
        _classes.Where(
            entry => set.Contains(entry.Key)).SelectMany(entry => entry.Value).Distinct().Order().Select(point => (point, point))));

    /// <summary>What a character folds to if that is several; null for others.</summary>
    public static int[]? FullOf(int point) => _full.FirstOrDefault(entry => entry.Point == point).Folded;

    // Without the optimization a first pattern costs a tenth of a second.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Dictionary<int, List<int>> ReadClasses()
    {
        var classes = new Dictionary<int, List<int>>();
        for (var point = 0; point < FirstWithoutCase; point++)
        {
            if (Rune.TryCreate(point, out var rune) && Rune.ToUpperInvariant(rune) is var upper && Rune.ToLowerInvariant(upper) is var lower
                && (upper != lower || lower != rune))
            {
                Add(lower.Value, point);
            }
        }

        foreach (var (known, other) in _others)
        {
            Add(classes.TryGetValue(known, out var alike) ? alike[0] : known, other);
        }

        return classes;

        void Add(int key, int point)
        {
            if (!classes.TryGetValue(key, out var alike))
            {
                classes.Add(key, alike = [key]);
            }

            if (!alike.Contains(point))
            {
                alike.Add(point);
            }

            classes.TryAdd(point, alike);
        }
    }

    private static (int, int[])[] ReadFull()
    {
        using var stream = typeof(CaseFolding).Assembly.GetManifestResourceStream("FullFoldings.txt")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' ').Select(text => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray())
            .Select(points => (points[0], points[1..].Select(Key).ToArray()))];
    }
}
