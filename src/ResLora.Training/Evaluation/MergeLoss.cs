using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Models;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>What merging away the shortcuts costs: the merged model held against the unmerged one on the same tokens.</summary>
/// <param name="Tokens">How many next-token predictions were compared.</param>
/// <param name="MeanKl">Mean Kullback-Leibler divergence of the merged predictions from the unmerged ones, in nats a token; 0 when nothing is lost.</param>
/// <param name="TopOneAgreement">The share of positions where both models rate the same token highest, 0 to 1.</param>
/// <param name="MaxLogitDifference">The largest absolute difference of two logits.</param>
/// <param name="LossUnmerged">Mean cross entropy of the unmerged model on the next tokens, in nats.</param>
/// <param name="LossMerged">Mean cross entropy of the merged model on the next tokens, in nats.</param>
public sealed record MergeLoss(long Tokens, double MeanKl, double TopOneAgreement, double MaxLogitDifference, double LossUnmerged, double LossMerged)
{
    /// <summary>Compares the two models on given texts.</summary>
    /// <param name="session">The session with the unmerged adapter.</param>
    /// <param name="merged">The merged adapter of the same session; it is put in place and taken off again.</param>
    /// <param name="sequences">Token ids of texts of two tokens or more.</param>
    /// <returns>The measured loss.</returns>
    /// <exception cref="ConfigException">There is no text of two tokens or more.</exception>
    public static MergeLoss Measure(ModelSession session, MergedAdapter merged, IReadOnlyList<IReadOnlyList<int>> sequences)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(merged);
        ArgumentNullException.ThrowIfNull(sequences);
        using var noGradient = no_grad();
        var model = session.Causal;
        model.eval();
        var (tokens, divergence, agreeing, largest, unmergedLoss, mergedLoss) = (0L, 0.0, 0L, 0.0, 0.0, 0.0);
        foreach (var sequence in sequences.Where(s => s.Count > 1))
        {
            using var scope = NewDisposeScope();
            using var ids = tensor(sequence.Select(id => (long)id).ToArray(), device: model.Device).unsqueeze(0);   // [1, T]
            var unmergedLogits = Predictions(model, ids);
            Tensor mergedLogits;
            using (merged.Apply())
            {
                mergedLogits = Predictions(model, ids);
            }

            var next = ids[0].slice(0, 1, ids.shape[1], 1).unsqueeze(1);    // [T−1, 1]
            var p = unmergedLogits.log_softmax(-1);                         // [T−1, V]
            var q = mergedLogits.log_softmax(-1);                           // [T−1, V]
            tokens += sequence.Count - 1;
            divergence += (p.exp() * (p - q)).sum().item<float>();
            agreeing += unmergedLogits.argmax(-1).eq(mergedLogits.argmax(-1)).sum().item<long>();
            largest = Math.Max(largest, (unmergedLogits - mergedLogits).abs().max().item<float>());
            unmergedLoss -= p.gather(1, next).sum().item<float>();
            mergedLoss -= q.gather(1, next).sum().item<float>();
        }

        return tokens > 0
            ? new MergeLoss(tokens, Math.Max(0, divergence / tokens), (double)agreeing / tokens, largest, unmergedLoss / tokens, mergedLoss / tokens)
            : throw new ConfigException("The loss of merging cannot be measured: there is no text of two tokens or more.");
    }

    private static Tensor Predictions(CausalLanguageModel model, Tensor ids)   // [1, T] -> [T−1, V], float32
    {
        using var scope = NewDisposeScope();
        var hidden = model.Hidden(ids);
        return model.Logits(hidden[0].narrow(0, 0, ids.shape[1] - 1)).to(float32).MoveToOuterDisposeScope();
    }
}
