using ResLora.Formats;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>What a model that predicts tokens is trained for.</summary>
/// <param name="model">The model, borrowed.</param>
public abstract class TextObjective(LanguageModel model) : Objective(model)
{
    /// <summary>The model, borrowed.</summary>
    public new LanguageModel Model => model;

    /// <inheritdoc />
    public override string NothingToLearn => "no trained token";

    /// <inheritdoc />
    public override string? Problem(IEnumerable<IExample> examples) => TokenBatch.Problem(model, Texts(examples));

    /// <inheritdoc />
    public sealed override int TargetsOf(IExample example) => TargetsOf((TokenizedSample)example);

    /// <inheritdoc />
    public sealed override Batch Collate(IReadOnlyList<IExample> examples) => Collate([.. Texts(examples)]);

    /// <inheritdoc />
    public sealed override Tensor Predictions(Batch batch) => Predictions((TokenBatch)batch);

    /// <inheritdoc />
    public sealed override void Forward(Batch batch) => Forward((TokenBatch)batch);

    /// <inheritdoc />
    public sealed override IReadOnlyDictionary<string, double> Measure(
        IReadOnlyList<IExample> examples, int batchSize, CancellationToken stop) =>
        Measure([.. Texts(examples)], batchSize, stop);

    /// <summary>As the other overload.</summary>
    /// <param name="sample">The sample.</param>
    /// <returns>The count, 0 or more.</returns>
    public abstract int TargetsOf(TokenizedSample sample);

    /// <summary>As the other overload.</summary>
    /// <param name="samples">The samples, at least one.</param>
    /// <returns>The batch, owned by the caller.</returns>
    public abstract TokenBatch Collate(IReadOnlyList<TokenizedSample> samples);

    /// <summary>As the other overload.</summary>
    /// <param name="batch">The batch, borrowed.</param>
    /// <returns>New tensor [N, V] in float32, owned by the caller.</returns>
    public abstract Tensor Predictions(TokenBatch batch);

    /// <summary>As the other overload.</summary>
    /// <param name="batch">The batch, borrowed.</param>
    public abstract void Forward(TokenBatch batch);

    /// <summary>As the other overload.</summary>
    /// <param name="samples">The samples, at least one.</param>
    /// <param name="batchSize">Samples in one forward pass.</param>
    /// <param name="stop">Ends the measurement between two batches.</param>
    /// <returns>Results by name.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public abstract IReadOnlyDictionary<string, double> Measure(
        IReadOnlyList<TokenizedSample> samples, int batchSize, CancellationToken stop);

    private static IEnumerable<TokenizedSample> Texts(IEnumerable<IExample> examples) => examples.Cast<TokenizedSample>();
}
