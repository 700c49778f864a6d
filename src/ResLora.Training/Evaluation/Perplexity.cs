using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Training.Distributed;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>Measures loss and perplexity.</summary>
public static class Perplexity
{
    /// <summary>
    /// The mean loss over the trained tokens of all samples together (a long sample counts more than a short one). The model
    /// is in evaluation mode meanwhile. Results are equal for every batch size up to rounding.
    /// </summary>
    /// <param name="model">The model, borrowed.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="padId">The token that fills up short rows.</param>
    /// <param name="batchSize">Samples in one forward pass.</param>
    /// <param name="ranks">The processes that measure together; null for this one alone.</param>
    /// <param name="stop">Ends the measurement between two batches.</param>
    /// <returns>The loss.</returns>
    /// <exception cref="ConfigException">No token is trained.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static EvaluationLoss Measure(
        CausalLanguageModel model, IReadOnlyList<TokenizedSample> samples, int padId, int batchSize, ICommunicator? ranks = null,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        using var mode = new EvaluationMode(model);
        var losses = (ranks ?? SingleProcess.Instance).Map([.. Groups(samples, batchSize)], group =>
        {
            stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = TokenBatch.Collate(group, padId, model.Device);
            return (Sum: TokenLoss.Sum(model, batch).item<float>(), Tokens: batch.Targets.numel());
        });
        return Mean(losses.Sum(loss => (double)loss.Sum), losses.Sum(loss => loss.Tokens), samples.Count);
    }

    /// <summary>The samples of each forward pass: those that have something to predict, the shortest first.</summary>
    internal static IEnumerable<TokenizedSample[]> Groups(IReadOnlyList<TokenizedSample> samples, int batchSize) =>
        samples.Where(s => TokenBatch.TrainedTokens(s) > 0).OrderBy(s => s.Ids.Length).Chunk(batchSize);

    /// <summary>The mean of a loss over tokens.</summary>
    /// <exception cref="ConfigException">There are no tokens.</exception>
    internal static EvaluationLoss Mean(double sum, long tokens, int samples) => tokens > 0
        ? new EvaluationLoss(sum / tokens, tokens)
        : throw new ConfigException($"None of {samples} samples has a token to predict; check the data and its labels.");
}
