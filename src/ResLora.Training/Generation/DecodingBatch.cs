using ResLora.Models;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Generation;

/// <summary>
/// Several texts that grow by a token at a time, padded on the left so that all their newest tokens stand in one column.
/// Rotary positions are relative, so that padding in front moves nothing.
/// </summary>
internal sealed class DecodingBatch : IDisposable
{
    private readonly CausalLanguageModel _model;
    private readonly TokenSampler _sampler;
    private readonly KeyValueCache? _cache;
    private readonly bool _ownsCache;
    private long[][] _ids;
    private int[] _padding;
    private int _width;

    /// <param name="model">The model, borrowed.</param>
    /// <param name="prompts">The tokens of each prompt, at least one.</param>
    /// <param name="padId">The token that fills up in front.</param>
    /// <param name="newTokens">The most tokens to be added.</param>
    /// <param name="config">How tokens are chosen, and whether there is a cache.</param>
    /// <param name="cache">A cache that has seen the beginning of the only prompt, borrowed; null for one of the batch's own.</param>
    public DecodingBatch(
        CausalLanguageModel model,
        IReadOnlyList<IReadOnlyList<int>> prompts,
        int padId,
        int newTokens,
        GenerationConfig config,
        KeyValueCache? cache = null)
    {
        _model = model;
        _width = prompts.Max(p => p.Count);
        _padding = [.. prompts.Select(p => _width - p.Count)];
        _ids = [.. prompts.Select((prompt, row) =>
        {
            var ids = new long[_width + newTokens];
            Array.Fill(ids, padId, 0, _padding[row]);
            for (var i = 0; i < prompt.Count; i++)
            {
                ids[_padding[row] + i] = prompt[i];
            }

            return ids;
        })];
        _sampler = new TokenSampler(config, prompts.Count);
        _ownsCache = cache is null;
        _cache = cache ?? (config.UseCache ? model.CreateCache(_width + newTokens) : null);
    }

    /// <summary>Adds one token to every row in hand.</summary>
    /// <returns>The tokens, one a row.</returns>
    /// <exception cref="NotFiniteException">A score is no number.</exception>
    public int[] Next()
    {
        using var mode = new EvaluationMode(_model);
        using var scope = NewDisposeScope();
        var seen = (int)(_cache?.Length ?? 0);
        var ids = Stacked(row => _ids[row].AsSpan(seen, _width - seen).ToArray());                    // [B, T]
        var hidden = _model.Hidden(ids, TokenMask(), _cache);                                         // [B, T, D]
        var logits = _model.Logits(hidden.select(1, -1)).to(float32);                                 // [B, D] -> [B, V]
        NotFiniteException.ThrowIfAny(_model, logits);
        var chosen = _sampler.Choose(logits);                                                         // [B, V] -> B
        for (var row = 0; row < chosen.Length; row++)
        {
            _ids[row][_width] = chosen[row];
        }

        _width++;
        return chosen;
    }

    /// <summary>Goes on with some of the rows in hand; the others have ended and cost no more time.</summary>
    /// <param name="places">Their places among those in hand, at least one, in this order.</param>
    public void Keep(IReadOnlyList<int> places)
    {
        _ids = [.. places.Select(place => _ids[place])];
        _padding = [.. places.Select(place => _padding[place])];
        _sampler.Keep(places);
        _cache?.Keep(places);
    }

    /// <summary>The tokens that the first row's cache has seen.</summary>
    public IEnumerable<int> Seen => _ids[0].Take((int)(_cache?.Length ?? 0)).Select(id => (int)id);

    public void Dispose()
    {
        if (_ownsCache)
        {
            _cache?.Dispose();
        }
    }

    private Tensor? TokenMask() => _padding.All(count => count == 0)
        ? null
        : Stacked(row =>
        {
            var mask = new long[_width];
            mask.AsSpan(_padding[row]).Fill(1);
            return mask;
        });

    private Tensor Stacked(Func<int, long[]> row) =>
        tensor(Enumerable.Range(0, _ids.Length).SelectMany(row).ToArray(), device: _model.Device).reshape(_ids.Length, -1);
}
