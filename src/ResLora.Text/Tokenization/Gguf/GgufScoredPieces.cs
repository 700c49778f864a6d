using System.Globalization;
using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// SentencePiece from scores: neighbours whose union is the token with the highest score are joined first, the left ones among equals.
/// </summary>
internal sealed class GgufScoredPieces
{
    private readonly Dictionary<string, int> _ids;
    private readonly float[] _scores;
    private readonly int[] _bytes;
    private readonly bool _blankInFront;

    public GgufScoredPieces(GgufFile file, Dictionary<string, int> ids)
    {
        _ids = ids;
        _scores = file.Require<float[]>("tokenizer.ggml.scores");
        _blankInFront = !file.TryGet<bool>("tokenizer.ggml.add_space_prefix", out var wanted) || wanted;
        if (_scores.Length != ids.Count)
        {
            throw new FileFormatException($"'{file.Path}' has {ids.Count} tokens and {_scores.Length} scores.");
        }

        _bytes = [.. Enumerable.Range(0, 256).Select(value =>
            ids.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), out var id)
                ? id
                : throw new FileFormatException($"'{file.Path}' has no token for the byte {value:X2}."))];
    }

    /// <summary>Encodes a text between special tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="atStart">Whether it begins the whole text or follows a special token.</param>
    /// <param name="output">Where its ids are added.</param>
    public void Encode(string text, bool atStart, List<int> output)
    {
        var blanked = (_blankInFront && atStart ? " " + text : text).Replace(' ', '▁');
        var pieces = blanked.EnumerateRunes().Select(rune => rune.ToString()).ToList();
        while (Best(pieces) is { } left)
        {
            pieces[left] += pieces[left + 1];
            pieces.RemoveAt(left + 1);
        }

        foreach (var piece in pieces)
        {
            if (_ids.TryGetValue(piece, out var id))
            {
                output.Add(id);
            }
            else
            {
                output.AddRange(Encoding.UTF8.GetBytes(piece).Select(value => _bytes[value]));
            }
        }
    }

    private int? Best(List<string> pieces)
    {
        int? best = null;
        var highest = float.NegativeInfinity;
        for (var i = 0; i + 1 < pieces.Count; i++)
        {
            if (_ids.TryGetValue(pieces[i] + pieces[i + 1], out var id) && _scores[id] > highest)
            {
                (best, highest) = (i, _scores[id]);
            }
        }

        return best;
    }
}
