using ResLora.Adapters.Merging;
using ResLora.Models;
using ResLora.Training.Data;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>What merging away the shortcuts costs an encoder: the merged model held against the unmerged one on the same texts.</summary>
public static class LabelMergeLoss
{
    /// <summary>Compares the two models on given texts, one at a time.</summary>
    /// <param name="session">The session with the unmerged adapter.</param>
    /// <param name="merged">The merged adapter of the same session; it is put in place and taken off again.</param>
    /// <param name="samples">The texts, with or without labels, at least one.</param>
    /// <returns>
    /// The measured loss, in which a text counts as a token. Divergence and agreement are not a number for scores, which have no
    /// distribution, and the losses are not a number without labels.
    /// </returns>
    public static MergeLoss Measure(ModelSession session, MergedAdapter merged, IReadOnlyList<TokenizedSample> samples)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(merged);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfZero(samples.Count);
        using var noGradient = no_grad();
        var model = session.Encoder;
        model.eval();
        var isScore = model.Head.Kind == TextHeadKind.Score;
        var (divergence, agreeing, largest, unmergedLoss, mergedLoss) = (0.0, 0L, 0.0, 0.0, 0.0);
        foreach (var sample in samples)
        {
            using var scope = NewDisposeScope();
            var before = model.Predict(Input(sample, model));   // [1, N]
            Tensor after;
            using (merged.Apply())
            {
                after = model.Predict(Input(sample, model));
            }

            largest = Math.Max(largest, (before - after).abs().max().item<float>());
            var (p, q) = (before.log_softmax(-1), after.log_softmax(-1));
            divergence += (p.exp() * (p - q)).sum().item<float>();
            agreeing += before.argmax(-1).eq(after.argmax(-1)).sum().item<long>();
            unmergedLoss += Loss(before, p, sample.Target, isScore);
            mergedLoss += Loss(after, q, sample.Target, isScore);
        }

        double count = samples.Count;
        return new MergeLoss(
            samples.Count,
            isScore ? double.NaN : Math.Max(0, divergence / count),
            isScore ? double.NaN : agreeing / count,
            largest,
            unmergedLoss / count,
            mergedLoss / count);
    }

    /// <summary>A sample as a batch of one; the tensors are in the caller's dispose scope.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="model">The model that it is for.</param>
    /// <returns>The input.</returns>
    public static TokenInput Input(TokenizedSample sample, LanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(model);
        Tensor Row(int[] values) => tensor(values.Select(value => (long)value).ToArray(), device: model.Device).unsqueeze(0);   // [1, T]
        return new TokenInput(Row(sample.Ids), null, sample.TypeIds is { } types ? Row(types) : null);
    }

    private static double Loss(Tensor prediction, Tensor logShares, double? target, bool isScore) => target switch
    {
        null => double.NaN,
        { } score when isScore => Math.Pow(prediction.item<float>() - score, 2),
        { } label => -logShares[0, (long)label].item<float>(),
    };
}
