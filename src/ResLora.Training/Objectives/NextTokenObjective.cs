using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>Predict the next token, where the sample says so.</summary>
/// <param name="model">The model, borrowed.</param>
/// <param name="padId">The token that fills up short rows; it is never looked at.</param>
/// <param name="packing">Whether batches are packed (<see cref="TokenBatch.Pack"/>). The loss is the same, up to rounding. Default
/// false.</param>
public sealed class NextTokenObjective(CausalLanguageModel model, int padId, bool packing = false) : TextObjective(model)
{
    /// <summary>The name of e^loss on held-out data.</summary>
    public const string PerplexityMetric = "eval_perplexity";

    private readonly CausalLanguageModel _model = model;

    /// <summary>The token that fills up short rows.</summary>
    internal int PadId => padId;

    /// <inheritdoc />
    public override IReadOnlyList<string> Metrics => [LossMetric, PerplexityMetric];

    /// <inheritdoc />
    public override int TargetsOf(TokenizedSample sample) => TokenBatch.TrainedTokens(sample);

    /// <inheritdoc />
    public override TokenBatch Collate(IReadOnlyList<TokenizedSample> samples) =>
        packing ? TokenBatch.Pack(samples, Model.Device) : TokenBatch.Collate(samples, padId, Model.Device);

    /// <inheritdoc />
    public override Tensor Predictions(TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        return _model.Logits(TokenLoss.Predicting(_model, batch)).to(float32).MoveToOuterDisposeScope();   // [N, D] -> [N, V]
    }

    /// <inheritdoc />
    public override Tensor LossSum(Batch batch) => TokenLoss.Sum(_model, (TokenBatch)batch);

    /// <inheritdoc />
    public override void Forward(TokenBatch batch) => TokenLoss.Hidden(_model, batch).Dispose();

    /// <inheritdoc />
    public override IReadOnlyDictionary<string, double> Measure(
        IReadOnlyList<TokenizedSample> samples, int batchSize, CancellationToken stop) =>
        Named(Perplexity.Measure(_model, samples, padId, batchSize, Ranks, stop));

    /// <summary>A loss under the names of <see cref="Metrics"/>.</summary>
    internal static IReadOnlyDictionary<string, double> Named(EvaluationLoss loss) =>
        new Dictionary<string, double> { [LossMetric] = loss.Loss, [PerplexityMetric] = loss.Perplexity };
}
