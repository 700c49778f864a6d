using System.Text;
using ResLora.Text.Tokenization.Patterns;
using ResLora.Text.Tokenization.Unicode;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Cuts where the script changes. Japanese is one script, and blanks and characters without a script go with what stands before
/// them.</summary>
internal static class ScriptText
{
    private const int NoScript = -1;

    // Read as another character: the library's scripts are older, and it counts the sign for a long vowel as Japanese.
    private static readonly Dictionary<int, int> _others =
        new() { [0x589] = '.', [0x61C] = '.', [0x953] = 'क', [0x954] = 'क', [0x30FC] = '漢' };

    private static readonly Lazy<(int[] Starts, int[] Scripts)> _scripts = new(Read);

    /// <summary>Cuts a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <returns>Its parts.</returns>
    public static IEnumerable<TextPiece> Words(TextPiece piece)
    {
        var cuts = new List<(int Start, int Length)>();
        var (last, place) = (NoScript, 0);
        foreach (var rune in piece.Text.EnumerateRunes())
        {
            var script = ScriptOf(rune);
            if (script != NoScript)
            {
                if (script != last)
                {
                    cuts.Add((place, 0));
                }

                last = script;
            }

            place += rune.Utf16SequenceLength;
        }

        var parts = PieceSplitter.Split(piece, cuts, SplitBehavior.Isolated);
        return cuts is [(0, _), ..] ? parts : parts.Skip(1); // what no script stands before is dropped
    }

    private static int ScriptOf(Rune rune)
    {
        if (rune.Value == ' ' || CharacterSets.IsWithoutScript(rune))
        {
            return NoScript;
        }

        var (starts, scripts) = _scripts.Value;
        var point = _others.GetValueOrDefault(rune.Value, rune.Value);
        var at = Array.BinarySearch(starts, point);
        return scripts[at >= 0 ? at : ~at - 1];
    }

    private static (int[] Starts, int[] Scripts) Read()
    {
        int[] japanese = ['あ', 'ア', '漢'];
        var sets = PatternSets.Scripts.Select((set, i) => (Set: set, Number: japanese.Any(set.Contains) ? int.MaxValue : i)).ToList();
        var known = sets.SelectMany(entry => entry.Set.Ranges.Select(range => (range.First, range.Last, entry.Number))).Order().ToList();
        var edges = known.Select(range => (Start: range.First, Script: range.Number))
            .Concat(known.Select(range => (Start: range.Last + 1, Script: NoScript)))
            .Prepend((Start: 0, Script: NoScript))
            .GroupBy(edge => edge.Start, edge => edge.Script)
            .OrderBy(edge => edge.Key)
            .ToList();
        return ([.. edges.Select(edge => edge.Key)], [.. edges.Select(edge => edge.Max())]);
    }
}
