using ResLora.Models;
using ResLora.Text.Data;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>Samples side by side, padded on the right, with what is to be predicted where. Owns its tensors.</summary>
/// <param name="Ids">[B, T] int64.</param>
/// <param name="TokenMask">[B, T] int64, 1 for tokens and 0 for padding; null when nothing is padding.</param>
/// <param name="Positions">[N] int64: which of the B·T positions, row by row, predict something: those followed by a trained token, masked
/// ones, or the first of each row.</param>
/// <param name="Targets">[N] int64, what they predict: next tokens, hidden tokens or labels; float32 for scores.</param>
public sealed record TokenBatch(Tensor Ids, Tensor? TokenMask, Tensor Positions, Tensor Targets) : Batch
{
    /// <summary>[B, T] int64, the type of each token; null when all are 0.</summary>
    public Tensor? TypeIds { get; init; }

    /// <summary>The tokens as a model takes them; borrowed from the batch.</summary>
    public TokenInput Input => new(Ids, TokenMask, TypeIds);

    /// <summary>
    /// The tokens of each sample, and at the end of padding, when they stand one behind another in a single row [1, T]; null when each has
    /// a row.
    /// </summary>
    public IReadOnlyList<int>? Packed { get; init; }

    /// <summary>Puts samples side by side for the prediction of next tokens.</summary>
    /// <param name="samples">The samples, at least one.</param>
    /// <param name="padId">The token that fills up short rows.</param>
    /// <param name="device">Where the tensors are needed.</param>
    /// <returns>The batch, owned by the caller.</returns>
    public static TokenBatch Collate(IReadOnlyList<TokenizedSample> samples, int padId, Device device)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var width = samples.Max(s => s.Ids.Length);
        return Place(samples, [samples.Count, width], row => row * width, padId, device);
    }

    /// <summary>
    /// Puts samples one behind another in a single row, for the prediction of next tokens. A few tokens of padding fill the row up
    /// (<see cref="ProductSize"/>); they count as one more text.
    /// </summary>
    /// <param name="samples">The samples, at least one; without token types.</param>
    /// <param name="device">Where the tensors are needed.</param>
    /// <returns>The batch, owned by the caller.</returns>
    public static TokenBatch Pack(IReadOnlyList<TokenizedSample> samples, Device device)
    {
        ArgumentNullException.ThrowIfNull(samples);
        int[] lengths = [.. samples.Select(s => s.Ids.Length)];
        var tokens = lengths.Sum();
        var filling = ProductSize.RoundUp(tokens) - tokens;
        if (filling == 0 && lengths.All(length => length == lengths[0]))
        {
            return Collate(samples, 0, device);   // nothing would be padded
        }

        var starts = new int[lengths.Length + 1];
        for (var i = 0; i < lengths.Length; i++)
        {
            starts[i + 1] = starts[i] + lengths[i];
        }

        return Place(
            samples, [1, tokens + filling], row => starts[row], 0, device) with
        { Packed = filling > 0 ? [.. lengths, filling] : lengths };
    }

    private static TokenBatch Place(IReadOnlyList<TokenizedSample> samples, long[] shape, Func<int, int> startOf, int padId, Device device)
    {
        var ids = new long[shape[0] * shape[1]];
        var mask = new long[ids.Length];
        var types = samples.Any(s => s.TypeIds is not null) ? new long[ids.Length] : null;
        var positions = new List<long>();
        var targets = new List<long>();
        Array.Fill(ids, padId);
        for (var row = 0; row < samples.Count; row++)
        {
            var start = startOf(row);
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

        return new TokenBatch(
            tensor(ids, shape, device: device),
            mask.Contains(0) ? tensor(mask, shape, device: device) : null,
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

    /// <summary>What in samples does not go with a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="samples">The samples.</param>
    /// <returns>A sentence, or null when all is well.</returns>
    public static string? Problem(LanguageModel model, IEnumerable<TokenizedSample> samples)
    {
        ArgumentNullException.ThrowIfNull(model);
        var strange = samples.SelectMany(sample => sample.Ids).Where(id => id < 0 || id >= model.VocabularySize).Take(1).ToArray();
        return strange.Length == 0
            ? null
            : $"The data has token {strange[0]}, and the model knows tokens 0 to {model.VocabularySize - 1}; do tokenizer and model belong together?";
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
    public override void Dispose()
    {
        Ids.Dispose();
        TokenMask?.Dispose();
        TypeIds?.Dispose();
        Positions.Dispose();
        Targets.Dispose();
    }
}
