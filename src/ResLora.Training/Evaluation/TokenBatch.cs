using ResLora.Models;
using ResLora.Training.Data;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>Samples side by side, padded on the right, with what is to be predicted where. Owns its tensors.</summary>
/// <param name="Ids">[B, T] int64.</param>
/// <param name="TokenMask">[B, T] int64, 1 for tokens and 0 for padding; null when nothing is padding.</param>
/// <param name="Positions">[N] int64: which of the B·T positions, row by row, predict something: those followed by a trained token, masked ones, or the first of each row.</param>
/// <param name="Targets">[N] int64, what they predict: next tokens, hidden tokens or labels; float32 for scores.</param>
public sealed record TokenBatch(Tensor Ids, Tensor? TokenMask, Tensor Positions, Tensor Targets) : IDisposable
{
    /// <summary>[B, T] int64, the type of each token; null when all are 0.</summary>
    public Tensor? TypeIds { get; init; }

    /// <summary>The tokens as a model takes them; borrowed from the batch.</summary>
    public TokenInput Input => new(Ids, TokenMask, TypeIds);

    /// <summary>Puts samples side by side for the prediction of next tokens.</summary>
    /// <param name="samples">The samples, at least one.</param>
    /// <param name="padId">The token that fills up short rows.</param>
    /// <param name="device">Where the tensors are needed.</param>
    /// <returns>The batch, owned by the caller.</returns>
    public static TokenBatch Collate(IReadOnlyList<TokenizedSample> samples, int padId, Device device)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var width = samples.Max(s => s.Ids.Length);
        var ids = new long[samples.Count * width];
        var mask = new long[ids.Length];
        var types = samples.Any(s => s.TypeIds is not null) ? new long[ids.Length] : null;
        var positions = new List<long>();
        var targets = new List<long>();
        Array.Fill(ids, padId);
        for (var row = 0; row < samples.Count; row++)
        {
            var start = row * width;
            var (tokens, labels) = (samples[row].Ids, samples[row].Labels);
            for (var t = 0; t < tokens.Length; t++)
            {
                ids[start + t] = tokens[t];
                mask[start + t] = 1;
                if (types is not null && samples[row].TypeIds is { } own)
                {
                    types[start + t] = own[t];
                }

                if (t > 0 && t < labels.Length && labels[t] != TokenizedSample.Masked)
                {
                    // The token before is the one that predicts this label.
                    positions.Add(start + t - 1);
                    targets.Add(labels[t]);
                }
            }
        }

        var padded = samples.Any(s => s.Ids.Length < width);
        long[] shape = [samples.Count, width];
        return new TokenBatch(
            tensor(ids, shape, device: device),
            padded ? tensor(mask, shape, device: device) : null,
            tensor(positions.ToArray(), device: device),
            tensor(targets.ToArray(), device: device))
        {
            TypeIds = types is null ? null : tensor(types, shape, device: device),
        };
    }

    /// <summary>The same tokens, of which other things are to be predicted. This batch's tensors become the new one's.</summary>
    /// <param name="positions">[N] int64, handed over.</param>
    /// <param name="targets">[N], handed over.</param>
    /// <returns>The new batch, owned by the caller in place of this one.</returns>
    public TokenBatch Predicting(Tensor positions, Tensor targets)
    {
        Positions.Dispose();
        Targets.Dispose();
        return this with { Positions = positions, Targets = targets };
    }

    /// <summary>How many tokens of a sample are trained: its labels but for the first, which nothing predicts.</summary>
    /// <param name="sample">The sample.</param>
    /// <returns>The count.</returns>
    public static int TrainedTokens(TokenizedSample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        return sample.Labels.Skip(1).Count(label => label != TokenizedSample.Masked);
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Ids.Dispose();
        TokenMask?.Dispose();
        TypeIds?.Dispose();
        Positions.Dispose();
        Targets.Dispose();
    }
}
