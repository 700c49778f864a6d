using ResLora.Formats;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>Say a text's label or score.</summary>
/// <param name="model">The model, borrowed.</param>
/// <param name="task">The task, which says what is measured.</param>
/// <param name="labels">The labels in the order of the head's outputs; null for scores.</param>
public sealed class TextLabelObjective(EncoderModel model, LabelMeasures task, LabelSet? labels) : LabelObjective(model, task, labels)
{
    /// <inheritdoc />
    public override string? Problem(IEnumerable<IExample> examples) => TokenBatch.Problem(model, examples.Cast<TokenizedSample>());

    /// <inheritdoc />
    public override Batch Collate(IReadOnlyList<IExample> examples)
    {
        ArgumentNullException.ThrowIfNull(examples);
        var plain = TokenBatch.Collate(
            [.. examples.Cast<TokenizedSample>().Select(sample => sample with { Labels = [] })], model.PadId, model.Device);
        var width = plain.Ids.shape[1];
        // The first token of each row stands for the text.
        return plain.Predicting(arange(0, examples.Count * width, width, device: model.Device), Targets(examples));   // [B], [B]
    }

    /// <inheritdoc />
    public override Tensor Predictions(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var scope = NewDisposeScope();
        return model.TextLogits(model.Hidden(((TokenBatch)batch).Input)).MoveToOuterDisposeScope();   // [B, T] -> [B, T, D] -> [B, N]
    }

    /// <inheritdoc />
    public override void Forward(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        model.Hidden(((TokenBatch)batch).Input).Dispose();
    }
}
