namespace ResLora.Text.Tokenization;

/// <summary>
/// Counts the pairs of neighbouring symbols over all words and keeps the counts right while pairs are merged: only the
/// words that hold the merged pair are looked at again.
/// </summary>
internal sealed class MergeLearner
{
    private readonly List<(int[] Symbols, long Count)> _words;
    private readonly Dictionary<(int Left, int Right), long> _counts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> _places = [];
    private readonly HashSet<(int Left, int Right)> _changed = [];

    // The most frequent pair first, of equals the one with the lower ids: the result depends on the counts alone.
    private readonly PriorityQueue<(int Left, int Right), (long NegativeCount, int Left, int Right)> _queue = new();

    /// <summary>Counts the pairs.</summary>
    /// <param name="words">Each distinct word as symbols, and how often it occurs.</param>
    public MergeLearner(IEnumerable<(int[] Symbols, long Count)> words)
    {
        _words = [.. words];
        for (var i = 0; i < _words.Count; i++)
        {
            Count(i, 1);
        }

        EnqueueChanged();
    }

    /// <summary>The pair that occurs most often now.</summary>
    /// <returns>The pair and its count, or null when no pair is left.</returns>
    public ((int Left, int Right) Pair, long Count)? MostFrequent()
    {
        while (_queue.TryPeek(out var pair, out var priority))
        {
            // Every change of a count was queued again, so an entry with another count is out of date.
            if (_counts[pair] == -priority.NegativeCount && priority.NegativeCount < 0)
            {
                return (pair, _counts[pair]);
            }

            _queue.Dequeue();
        }

        return null;
    }

    /// <summary>Replaces a pair by one symbol in every word, from left to right.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="symbol">The new symbol.</param>
    public void Merge((int Left, int Right) pair, int symbol)
    {
        _places.Remove(pair, out var places);
        foreach (var place in places ?? [])
        {
            Count(place, -1);
            _words[place] = (Replace(_words[place].Symbols, pair, symbol), _words[place].Count);
            Count(place, 1);
        }

        EnqueueChanged();
    }

    private static int[] Replace(int[] symbols, (int Left, int Right) pair, int symbol)
    {
        var output = new List<int>(symbols.Length);
        for (var i = 0; i < symbols.Length; i++)
        {
            var found = i + 1 < symbols.Length && symbols[i] == pair.Left && symbols[i + 1] == pair.Right;
            output.Add(found ? symbol : symbols[i]);
            i += found ? 1 : 0;
        }

        return [.. output];
    }

    private void Count(int place, int sign)
    {
        var (symbols, count) = _words[place];
        for (var i = 0; i + 1 < symbols.Length; i++)
        {
            var pair = (symbols[i], symbols[i + 1]);
            _counts[pair] = _counts.GetValueOrDefault(pair) + (sign * count);
            _changed.Add(pair);
            if (sign > 0)
            {
                if (!_places.TryGetValue(pair, out var places))
                {
                    _places[pair] = places = [];
                }

                places.Add(place);
            }
        }
    }

    private void EnqueueChanged()
    {
        foreach (var pair in _changed)
        {
            _queue.Enqueue(pair, (-_counts[pair], pair.Left, pair.Right));
        }

        _changed.Clear();
    }
}
