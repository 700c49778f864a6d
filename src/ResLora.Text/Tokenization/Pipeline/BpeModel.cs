using System.Collections.Concurrent;
using System.Text;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>
/// Byte pair encoding of one word: single characters are joined pair by pair, always the pair of the lowest rank and,
/// among equals, the leftmost. A priority queue keeps this at n·log n for words of any length.
/// </summary>
internal sealed class BpeModel : IWordModel
{
    private const int CachedWords = 1 << 16;
    private const int LongestCachedWord = 64;

    private readonly TokenizerJsonModel _model;
    private readonly UnknownToken _unknown;
    private readonly Dictionary<Rune, int> _symbols = [];
    private readonly ByteTokens _bytes;
    private readonly bool _dressed;
    private readonly Dictionary<long, (int Rank, int Id)> _merges = [];
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private int _cacheRoom = CachedWords;

    /// <summary>Prepares a model.</summary>
    /// <param name="model">The checked vocabulary and merges.</param>
    /// <param name="file">The file, for messages.</param>
    public BpeModel(TokenizerJsonModel model, string file)
    {
        _model = model;
        _unknown = new UnknownToken(model, file);
        _bytes = new ByteTokens(model);
        _dressed = model.ContinuingPrefix.Length + model.EndOfWordSuffix.Length > 0;
        foreach (var (token, id) in model.Vocabulary)
        {
            if (Rune.TryGetRuneAt(token.PadRight(1), 0, out var rune) && token.Length == rune.Utf16SequenceLength)
            {
                _symbols[rune] = id;
            }
        }

        for (var rank = 0; rank < model.Merges.Count; rank++)
        {
            // A pair that stands twice counts at its last place, as in Hugging Face's reader.
            var (left, right) = model.Merges[rank];
            _merges[Key(model.Vocabulary[left], model.Vocabulary[right])] = (rank, model.Vocabulary[model.Union(left, right)]);
        }
    }

    /// <inheritdoc />
    public void Encode(string word, List<int> output)
    {
        if (_cache.TryGetValue(word, out var known))
        {
            output.AddRange(known);
            return;
        }

        var ids = _model.IgnoreMerges && _model.Vocabulary.TryGetValue(word, out var whole) ? [whole] : Merge(Symbols(word));
        output.AddRange(ids);
        if (word.Length <= LongestCachedWord && Volatile.Read(ref _cacheRoom) > 0 && _cache.TryAdd(word, [.. ids]))
        {
            Interlocked.Decrement(ref _cacheRoom);
        }
    }

    // The word's characters as ids; those that the vocabulary lacks become bytes, the unknown token or nothing. An unknown token stands
    // where the next known character begins, so behind bytes.
    private List<int> Symbols(string word)
    {
        var symbols = new List<int>(word.Length);
        int? open = null;
        var place = 0;
        foreach (var rune in word.EnumerateRunes())
        {
            var isFirst = place == 0;
            place += rune.Utf16SequenceLength;
            var symbol = _dressed ? Dressed(rune, isFirst, place == word.Length) : "";
            if (_dressed ? _model.Vocabulary.TryGetValue(symbol, out var id) : _symbols.TryGetValue(rune, out id))
            {
                AddUnknown();
                symbols.Add(id);
                open = null;
            }
            else if (!_bytes.TryAdd(_dressed ? symbol : rune.ToString(), symbols) && _unknown.IsNamed)
            {
                if (!_model.FuseUnknown)
                {
                    AddUnknown();
                }

                open = _unknown.Require(rune.ToString());
            }
        }

        AddUnknown();
        return symbols;

        void AddUnknown()
        {
            if (open is { } unknown)
            {
                symbols.Add(unknown);
            }
        }
    }

    private string Dressed(Rune rune, bool isFirst, bool isLast) =>
        string.Concat(isFirst ? "" : _model.ContinuingPrefix, rune.ToString(), isLast ? _model.EndOfWordSuffix : "");

    private List<int> Merge(List<int> ids)
    {
        var count = ids.Count;
        var next = new int[count];
        var previous = new int[count];
        var queue = new PriorityQueue<(int Left, int Id), long>();
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
            // An offer is stale when its symbols have been merged otherwise since.
            var right = ids[offer.Left] < 0 ? count : next[offer.Left];
            if (right == count || !_merges.TryGetValue(Key(ids[offer.Left], ids[right]), out var merge) || merge.Id != offer.Id)
            {
                continue;
            }

            ids[offer.Left] = offer.Id;
            ids[right] = -1;
            next[offer.Left] = next[right];
            if (next[right] < count)
            {
                previous[next[right]] = offer.Left;
                Offer(offer.Left);
            }

            if (previous[offer.Left] >= 0)
            {
                Offer(previous[offer.Left]);
            }
        }

        ids.RemoveAll(id => id < 0);
        return ids;

        void Offer(int left)
        {
            if (_merges.TryGetValue(Key(ids[left], ids[next[left]]), out var merge))
            {
                queue.Enqueue((left, merge.Id), Key(merge.Rank, left));
            }
        }
    }

    private static long Key(int high, int low) => ((long)high << 32) | (uint)low;
}
