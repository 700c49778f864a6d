using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Tokenization;
using ResLora.Training;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Running;

/// <summary>The data of a run that learns labels or scores.</summary>
/// <param name="Texts">The texts with their labels.</param>
/// <param name="TrainTokens">The training texts as tokens, cut to the longest length.</param>
/// <param name="ValidationTokens">The validation texts as tokens.</param>
internal sealed record LabelledRunData(LabelledTexts Texts, TokenizedData TrainTokens, IReadOnlyList<TokenizedSample> ValidationTokens)
    : RunData(TrainTokens, ValidationTokens)
{
    /// <inheritdoc />
    public override string LossUnit => Texts.Train.Labels is null ? "squared error" : "nats a sample";

    /// <inheritdoc />
    public override TextObjective ObjectiveFor(ModelSession session, bool packing) =>
        new LabelObjective(session.Encoder, Texts.Task, Texts.Train.Labels);

    /// <summary>Tokenises.</summary>
    public static LabelledRunData Of(RunConfig config, LabelledTexts texts, Tokenizer tokenizer, EncoderModel model)
    {
        var encoding = new LabelledEncoding(tokenizer, model, config.Training.MaxLength, config.Data.Truncation);
        return new LabelledRunData(
            texts,
            encoding.TokenizeAll(texts.Train.Texts),
            texts.Validation.Count == 0 ? [] : encoding.TokenizeAll(texts.Validation).Samples);
    }
}
