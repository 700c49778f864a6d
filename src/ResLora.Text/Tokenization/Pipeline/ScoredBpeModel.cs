using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>
/// Pair encoding by scores, as SentencePiece does it: of the neighbours whose union is a token, those with the highest score are joined
/// first and, among equals, the leftmost. Characters that are no tokens may be joined, too; those that stay become bytes.
/// </summary>
internal sealed class ScoredBpeModel : IWordModel
{
    private readonly TokenizerJsonModel _model;
    private readonly UnknownToken _unknown;
    private readonly ByteTokens _bytes;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly int _longest;

    /// <summary>Prepares a model.</summary>
    /// <param name="model">The checked vocabulary and scores.</param>
    /// <param name="file">The file, for messages.</param>
    public ScoredBpeModel(TokenizerJsonModel model, string file)
    {
        _model = model;
        _unknown = new UnknownToken(model, file);
        _bytes = new ByteTokens(model);
        _ids = new Dictionary<string, int>(model.Vocabulary, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        _longest = model.Vocabulary.Keys.Max(token => token.Length);
    }

    /// <inheritdoc />
    public void Encode(string word, List<int> output)
    {
        var starts = new List<int>(word.Length + 1);
        for (var at = 0; at < word.Length; at += char.IsHighSurrogate(word[at]) && at + 1 < word.Length ? 2 : 1)
        {
            starts.Add(at);
        }

        var count = starts.Count;
        starts.Add(word.Length);

        // A symbol reaches from its start to the start of the next one; one that was joined to the left has no next.
        var (next, previous) = (new int[count], new int[count]);
        var queue = new PriorityQueue<(int Left, int Length), (float Score, int Left)>(
            Comparer<(float Score, int Left)>.Create((a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : a.Left.CompareTo(b.Left)));
        for (var i = 0; i < count; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1);
        }

        for (var i = 0; i + 1 < count; i++)
        {
            Offer(i);
        }

        while (queue.TryDequeue(out var offer, out _))
        {
            // An offer is stale when one of its symbols has been joined otherwise since.
            var right = next[offer.Left];
            if (right <= offer.Left || right >= count || starts[next[right]] - starts[offer.Left] != offer.Length)
            {
                continue;
            }

            next[offer.Left] = next[right];
            if (next[right] < count)
            {
                previous[next[right]] = offer.Left;
                Offer(offer.Left);
            }

            next[right] = -1;
            if (previous[offer.Left] >= 0)
            {
                Offer(previous[offer.Left]);
            }
        }

        for (var i = 0; i < count; i = next[i])
        {
            Add(word.AsSpan(starts[i]..starts[next[i]]), output);
        }

        void Offer(int left)
        {
            var length = starts[next[next[left]]] - starts[left];
            if (length <= _longest && _ids.TryGetValue(word.AsSpan(starts[left], length), out var id))
            {
                queue.Enqueue((left, length), ((float)_model.Scores[id], left));
            }
        }
    }

    private void Add(ReadOnlySpan<char> symbol, List<int> output)
    {
        if (_ids.TryGetValue(symbol, out var id))
        {
            output.Add(id);
            return;
        }

        var character = symbol.ToString();
        if (!_bytes.TryAdd(character, output) && _unknown.IsNamed)
        {
            output.Add(_unknown.Require(character));
        }
    }
}
