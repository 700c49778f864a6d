using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>
/// Fill in masked tokens: of the tokens that a sample offers some are predicted, of which 80 % stand as the mask, 10 % as a random
/// token and 10 % as they are. In training every pass masks others; held-out samples are masked the same way every time.
/// </summary>
/// <param name="model">The model, borrowed.</param>
/// <param name="maskId">The mask.</param>
/// <param name="predictedShare">The share of offered tokens that is predicted, above 0 and up to 1. Default 0.15, as for BERT and
/// RoBERTa.</param>
/// <remarks>Devlin et al., arXiv:1810.04805, section 3.1; dynamic masking: Liu et al., arXiv:1907.11692, section 4.1.</remarks>
public sealed class MaskedTokenObjective(
    EncoderModel model, int maskId, double predictedShare = MaskedTokenObjective.UsualShare) : TextObjective(model)
{
    /// <summary>The name of e^loss on held-out data.</summary>
    public const string PerplexityMetric = "eval_perplexity";

    /// <summary>The share that BERT and RoBERTa predict.</summary>
    public const double UsualShare = 0.15;

    private const double MaskedShare = 0.8;
    private const double RandomShare = 0.1;

    private readonly EncoderModel _model = model;

    /// <inheritdoc />
    public override IReadOnlyList<string> Metrics => [LossMetric, PerplexityMetric];

    /// <inheritdoc />
    public override int TargetsOf(TokenizedSample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        return sample.TrainedTokens;
    }

    /// <inheritdoc />
    public override TokenBatch Collate(IReadOnlyList<TokenizedSample> samples)
    {
        // libtorch's generator, since its state is part of a checkpoint: a resumed run masks what it would have masked.
        using var drawn = randint(long.MaxValue, [1], dtype: int64);
        var random = new StableRandom((ulong)drawn.item<long>());
        return Collate(samples, _ => random);
    }

    /// <inheritdoc />
    public override Tensor Predictions(TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        var hidden = _model.Hidden(batch.Input).flatten(0, 1).index_select(0, batch.Positions);   // [B, T, D] -> [N, D]
        return _model.TokenLogits(hidden).to(float32).MoveToOuterDisposeScope();      // [N, D] -> [N, V]
    }

    /// <inheritdoc />
    public override void Forward(TokenBatch batch) => _model.Hidden(batch.Input).Dispose();

    /// <inheritdoc />
    /// <exception cref="ConfigException">No sample has a token to mask.</exception>
    public override IReadOnlyDictionary<string, double> Measure(
        IReadOnlyList<TokenizedSample> samples, int batchSize, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        using var mode = new EvaluationMode(_model);
        TokenizedSample[][] groups =
            [.. samples.Where(sample => sample.TrainedTokens > 0).OrderBy(sample => sample.Ids.Length).Chunk(batchSize)];
        var losses = Ranks.Map(groups, group =>
        {
            stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = Collate(group, sample => new StableRandom(SeedOf(sample)));
            return (Sum: LossSum(batch).item<float>(), Count: batch.Targets.numel());
        });
        var (sum, count) = (losses.Sum(loss => (double)loss.Sum), losses.Sum(loss => loss.Count));

        var loss = count > 0 ? sum / count : throw new ConfigException($"None of {samples.Count} samples has a token to mask.");
        return new Dictionary<string, double> { [LossMetric] = loss, [PerplexityMetric] = Math.Exp(loss) };
    }

    private TokenBatch Collate(IReadOnlyList<TokenizedSample> samples, Func<TokenizedSample, StableRandom> randomOf)
    {
        var masked = samples.Select(sample => Mask(sample, randomOf(sample))).ToArray();
        var plain = TokenBatch.Collate([.. masked.Select(m => m with { Labels = [] })], _model.PadId, Model.Device);
        var (width, positions, targets) = (plain.Ids.shape[1], new List<long>(), new List<long>());
        for (var row = 0; row < masked.Length; row++)
        {
            foreach (var (t, label) in masked[row].Labels.Index().Where(l => l.Item != TokenizedSample.Masked))
            {
                positions.Add((row * width) + t);
                targets.Add(label);
            }
        }

        return plain.Predicting(tensor(positions.ToArray(), device: Model.Device), tensor(targets.ToArray(), device: Model.Device));
    }

    /// <summary>Hides tokens; the labels that are left are the hidden ones. A sample that offers any has at least one.</summary>
    private TokenizedSample Mask(TokenizedSample sample, StableRandom random)
    {
        int[] offered = [.. sample.Labels.Index().Where(label => label.Item != TokenizedSample.Masked).Select(label => label.Index)];
        int[] chosen = [.. offered.Where(_ => random.NextDouble() < predictedShare)];
        if (chosen.Length == 0 && offered.Length > 0)
        {
            chosen = [offered[(int)(random.Next() % (ulong)offered.Length)]];
        }

        var (ids, labels) = (sample.Ids.ToArray(), sample.Labels.Select(_ => TokenizedSample.Masked).ToArray());
        foreach (var t in chosen)
        {
            labels[t] = sample.Ids[t];
            var kind = random.NextDouble();
            ids[t] = kind < MaskedShare ? maskId
                : kind < MaskedShare + RandomShare ? (int)(random.Next() % (ulong)Model.VocabularySize)
                : ids[t];
        }

        return new TokenizedSample(ids, labels);
    }

    // FNV-1a over the ids: a sample's masks depend on nothing but the sample.
    private static ulong SeedOf(TokenizedSample sample) =>
        sample.Ids.Aggregate(14695981039346656037UL, (hash, id) => unchecked((hash ^ (uint)id) * 1099511628211UL));
}
