using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>
/// Unigram: of all ways to cut a text into pieces the one whose scores have the highest sum. A character that is no piece costs the lowest
/// score less 10, and neighbours of that kind are one unknown token or, with byte fallback, their bytes.
/// </summary>
/// <remarks>Kudo, arXiv:1804.10959; the best way by Viterbi's algorithm, from left to right, the first of equals.</remarks>
internal sealed class UnigramModel : IWordModel
{
    private const double UnknownPenalty = 10;

    private readonly TokenizerJsonModel _model;
    private readonly ByteTokens _bytes;
    private readonly UnknownToken _unknown;
    private readonly PrefixTree _tree = new();
    private readonly double _unknownScore;

    /// <summary>Prepares a model.</summary>
    /// <param name="model">The checked vocabulary and scores.</param>
    /// <param name="file">The file, for messages.</param>
    public UnigramModel(TokenizerJsonModel model, string file)
    {
        _model = model;
        _bytes = new ByteTokens(model);
        _unknown = new UnknownToken(model, file);
        _unknownScore = model.Scores.DefaultIfEmpty().Min() - UnknownPenalty;
        foreach (var (token, id) in model.Vocabulary.Where(entry => entry.Key.Length > 0))
        {
            _tree.Add(token, id);
        }
    }

    /// <inheritdoc />
    public void Encode(string word, List<int> output)
    {
        foreach (var (start, end) in Pieces(word))
        {
            var piece = word[start..end];
            if (_model.Vocabulary.TryGetValue(piece, out var id))
            {
                output.Add(id);
            }
            else if (!_bytes.TryAdd(piece, output))
            {
                output.Add(_unknown.Require(piece));
            }
        }
    }

    // From the end of the best way back to its beginning; neighbouring unknown pieces are one.
    private List<(int Start, int End)> Pieces(string word)
    {
        var best = Best(word);
        var pieces = new List<(int Start, int End)>();
        var unknownBehind = false;
        for (var end = word.Length; end > 0; end = best[end].Start)
        {
            var isUnknown = best[end].Id == _unknown.Id;
            if (isUnknown && unknownBehind)
            {
                pieces[^1] = (best[end].Start, pieces[^1].End);
            }
            else
            {
                pieces.Add((best[end].Start, end));
            }

            unknownBehind = isUnknown;
        }

        pieces.Reverse();
        return pieces;
    }

    // For every place the best piece that ends there.
    private (double Score, int Start, int? Id)[] Best(string word)
    {
        var best = new (double Score, int Start, int? Id)[word.Length + 1];
        Array.Fill(best, (0, -1, null));
        for (var start = 0; start < word.Length;)
        {
            var (score, character) = (best[start].Score, char.IsHighSurrogate(word[start]) ? 2 : 1);
            var (node, isPiece) = (PrefixTree.Root, false);
            for (var end = start + 1; end <= word.Length && _tree.TryStep(ref node, word[end - 1]); end++)
            {
                if (_tree.TryEnd(node, out var id))
                {
                    Offer(end, score + _model.Scores[id], start, id);
                    isPiece |= end - start == character;
                }
            }

            if (!isPiece)
            {
                Offer(start + character, score + _unknownScore, start, null);
            }

            start += character;
        }

        return best;

        void Offer(int end, double score, int start, int? id)
        {
            if (best[end].Start < 0 || score > best[end].Score)
            {
                best[end] = (score, start, id ?? _unknown.Require(word[start..end]));
            }
        }
    }
}
