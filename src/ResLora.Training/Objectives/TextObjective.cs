using ResLora.Formats;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>What a model of texts is trained for.</summary>
/// <param name="model">The model, borrowed.</param>
/// <param name="padId">The token that fills up short rows.</param>
public abstract class TextObjective(LanguageModel model, int padId) : Objective(model)
{
    /// <summary>The model, borrowed.</summary>
    public new LanguageModel Model => model;

    /// <summary>The token that fills up short rows.</summary>
    public int PadId => padId;

    /// <summary>Whether a value is predicted; else one of several tokens or labels is.</summary>
    public virtual bool PredictsValues => false;

    /// <summary>How many predictions a sample trains; none makes it useless.</summary>
    /// <param name="sample">The sample.</param>
    /// <returns>The count, 0 or more.</returns>
    public abstract int TargetsOf(TokenizedSample sample);

    /// <summary>Puts samples side by side for training. What it draws at random comes from libtorch's generator.</summary>
    /// <param name="samples">The samples, at least one.</param>
    /// <returns>The batch, owned by the caller.</returns>
    public abstract TokenBatch Collate(IReadOnlyList<TokenizedSample> samples);

    /// <summary>Hidden states of the last layer.</summary>
    /// <param name="batch">The batch, borrowed.</param>
    /// <returns>New tensor [B, T, D], owned by the caller.</returns>
    public abstract Tensor Hidden(TokenBatch batch);

    /// <summary>What the model predicts at the batch's positions.</summary>
    /// <param name="batch">The batch, borrowed.</param>
    /// <returns>New tensor in float32, owned by the caller: [N, V] scores of tokens or [N, labels], or [N, 1] values.</returns>
    public abstract Tensor Predictions(TokenBatch batch);

    /// <summary>Σ of the loss over the batch's targets, in float32; divided by their number it is the mean.</summary>
    /// <param name="batch">The batch, borrowed.</param>
    /// <returns>New scalar, owned by the caller.</returns>
    public virtual Tensor LossSum(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var scope = NewDisposeScope();
        return LossSum(Predictions(batch), batch.Targets).MoveToOuterDisposeScope();
    }

    /// <summary>Σ of the loss of predictions: −log softmax at the target, or the squared error of a value.</summary>
    /// <param name="predictions">[N, …] as <see cref="Predictions"/> gives them, borrowed.</param>
    /// <param name="targets">[N], borrowed.</param>
    /// <returns>New scalar, owned by the caller.</returns>
    public Tensor LossSum(Tensor predictions, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(targets);
        using var scope = NewDisposeScope();
        var loss = PredictsValues
            ? nn.functional.mse_loss(predictions.squeeze(-1), targets, nn.Reduction.Sum)   // [N, 1] -> [N]
            : nn.functional.cross_entropy(predictions, targets, reduction: nn.Reduction.Sum);
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>Runs the layers on a batch with its mask, for whoever listens to the model's hooks.</summary>
    /// <param name="batch">The batch, borrowed.</param>
    public abstract void Forward(TokenBatch batch);

    /// <summary>As the other overload.</summary>
    /// <param name="samples">The samples, at least one.</param>
    /// <param name="batchSize">Samples in one forward pass.</param>
    /// <param name="stop">Ends the measurement between two batches.</param>
    /// <returns>Results by name.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public abstract IReadOnlyDictionary<string, double> Measure(IReadOnlyList<TokenizedSample> samples, int batchSize, CancellationToken stop);

    /// <inheritdoc />
    public override string NothingToLearn => "no trained token";

    /// <inheritdoc />
    public override string? Problem(IEnumerable<IExample> examples)
    {
        var strange = Texts(examples).SelectMany(s => s.Ids).Where(id => id < 0 || id >= model.VocabularySize).Take(1).ToArray();
        return strange.Length == 0
            ? null
            : $"The data has token {strange[0]}, and the model knows tokens 0 to {model.VocabularySize - 1}; do tokenizer and model belong together?";
    }

    /// <inheritdoc />
    public sealed override int TargetsOf(IExample example) => TargetsOf((TokenizedSample)example);

    /// <inheritdoc />
    public sealed override Batch Collate(IReadOnlyList<IExample> examples) => Collate([.. Texts(examples)]);

    /// <inheritdoc />
    public sealed override Tensor LossSum(Batch batch) => LossSum((TokenBatch)batch);

    /// <inheritdoc />
    public sealed override void Forward(Batch batch) => Forward((TokenBatch)batch);

    /// <inheritdoc />
    public sealed override IReadOnlyDictionary<string, double> Measure(IReadOnlyList<IExample> examples, int batchSize, CancellationToken stop) =>
        Measure([.. Texts(examples)], batchSize, stop);

    private static IEnumerable<TokenizedSample> Texts(IEnumerable<IExample> examples) => examples.Cast<TokenizedSample>();
}
