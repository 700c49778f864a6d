using ResLora.Models;

namespace ResLora.Training.Generation;

/// <summary>
/// Keeps keys and values of the last text, so that one which begins alike, as the next turn of a conversation does, is computed from where
/// the two part. Belongs to one model as it is: whoever changes the model clears it. Not safe for several threads.
/// </summary>
/// <param name="model">The model, borrowed.</param>
public sealed class PromptCache(CausalLanguageModel model) : IDisposable
{
    private KeyValueCache? _cache;
    private int[] _seen = [];

    /// <summary>How many tokens of the last text are kept.</summary>
    public int Count => _seen.Length;

    /// <summary>How many tokens of the last prompt were known and not computed again.</summary>
    public int Reused { get; private set; }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _cache?.Dispose();
        (_cache, _seen) = (null, []);
    }

    /// <summary>Frees what is kept.</summary>
    public void Dispose() => Clear();

    /// <summary>What is known of a prompt's beginning; its last token is always computed anew, since its scores are needed.</summary>
    /// <param name="prompt">The prompt, at least one token.</param>
    /// <param name="room">The most tokens that will follow it.</param>
    /// <returns>The cache, which stays this object's.</returns>
    internal KeyValueCache Begin(IReadOnlyList<int> prompt, int room)
    {
        _cache ??= model.CreateCache(prompt.Count + room);
        _cache.Reserve(prompt.Count + room);
        Reused = Math.Min(_seen.Zip(prompt).TakeWhile(pair => pair.First == pair.Second).Count(), prompt.Count - 1);
        _cache.Truncate(Reused);
        _seen = _seen[..Reused];
        return _cache;
    }

    /// <summary>Says what the cache has seen by now.</summary>
    /// <param name="seen">The tokens.</param>
    internal void End(IEnumerable<int> seen) => _seen = [.. seen];
}
