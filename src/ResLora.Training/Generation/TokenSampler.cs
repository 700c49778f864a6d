using ResLora.Formats;
using static TorchSharp.torch;

namespace ResLora.Training.Generation;

/// <summary>
/// Chooses the next token from logits: the likeliest, or one drawn from the nucleus, the smallest set of likeliest tokens whose
/// probabilities reach top-p. A row's choices depend on its own logits, the seed and its index only.
/// </summary>
/// <remarks>Nucleus sampling: Holtzman et al., arXiv:1904.09751, section 3.1.</remarks>
/// <param name="config">Temperature, top-p and seed.</param>
/// <param name="rows">B, how many texts.</param>
public sealed class TokenSampler(GenerationConfig config, int rows)
{
    private StableRandom[] _random =
        [.. Enumerable.Range(0, rows).Select(row => new StableRandom(new StableRandom(unchecked((ulong)config.Seed)).Next() + (ulong)row))];

    /// <summary>Chooses one token for every row in hand.</summary>
    /// <param name="logits">[B, V], borrowed.</param>
    /// <returns>B token ids.</returns>
    public int[] Choose(Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        using var scope = NewDisposeScope();
        if (config.Temperature == 0)
        {
            return [.. logits.argmax(-1).cpu().data<long>().Select(id => (int)id)];
        }

        var (sorted, order) = (logits.to(float64) / config.Temperature).softmax(-1).sort(-1, descending: true);   // [B, V]
        var cumulative = sorted.cumsum(-1);
        // A token is in the nucleus as long as those before it do not reach top-p; so the first always is.
        var nucleus = sorted * (cumulative - sorted < config.TopP).to(float64);
        var total = nucleus.sum(-1, keepdim: true);                                                                 // [B, 1]
        var drawn = tensor(_random.Select(Uniform).ToArray(), device: logits.device).unsqueeze(-1) * total;         // [B, 1]
        var place = (nucleus.cumsum(-1) <= drawn).sum(-1, keepdim: true).clamp_max(logits.shape[1] - 1);            // [B, 1]
        return [.. order.gather(-1, place).squeeze(-1).cpu().data<long>().Select(id => (int)id)];
    }

    /// <summary>Goes on with some of the rows in hand; each keeps the index that it began with.</summary>
    /// <param name="places">Their places among those in hand.</param>
    internal void Keep(IReadOnlyList<int> places) => _random = [.. places.Select(place => _random[place])];

    /// <summary>A number from 0 up to but not including 1.</summary>
    private static double Uniform(StableRandom random) => (random.Next() >> 11) * (1.0 / (1UL << 53));
}
