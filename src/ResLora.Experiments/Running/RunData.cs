using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Tokenization;
using ResLora.Training;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Running;

/// <summary>The data of a run as tokens, and what is learnt from it.</summary>
/// <param name="TrainTokens">The training samples, those that cannot be used left out.</param>
/// <param name="ValidationTokens">The validation samples; may be empty.</param>
internal abstract record RunData(TokenizedData TrainTokens, IReadOnlyList<TokenizedSample> ValidationTokens)
{
    /// <summary>What a session's model is trained for on this data.</summary>
    /// <param name="session">The model.</param>
    /// <param name="packing">Whether batches are packed where the objective can.</param>
    public abstract TextObjective ObjectiveFor(ModelSession session, bool packing);

    /// <summary>What its losses are measured in.</summary>
    public abstract string LossUnit { get; }

    /// <summary>Reads and tokenises.</summary>
    /// <param name="config">The run's settings.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="model">The model, which may be on the meta device.</param>
    /// <param name="texts">The texts of a task with labels, where they are read already; null reads them.</param>
    public static RunData Read(RunConfig config, Tokenizer tokenizer, LanguageModel model, LabelledTexts? texts = null) =>
        (texts ?? LabelledTexts.Of(config, model)) is { } labelled
            ? LabelledRunData.Of(config, labelled, tokenizer, LabelledTexts.RequireEncoder(model, config))
            : GenerationRunData.Read(config, tokenizer, model);
}
