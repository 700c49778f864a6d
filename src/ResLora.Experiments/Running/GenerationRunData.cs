using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Text.Tokenization;
using ResLora.Training;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Running;

/// <summary>The data of a run that learns to continue texts.</summary>
/// <param name="Task">The task.</param>
/// <param name="Train">The training samples.</param>
/// <param name="Validation">The validation samples; may be empty.</param>
/// <param name="TrainTokens">The training samples as tokens, those that are too long left out.</param>
/// <param name="ValidationTokens">The validation samples as tokens.</param>
internal sealed record GenerationRunData(
    ITask Task, IReadOnlyList<Sample> Train, IReadOnlyList<Sample> Validation, TokenizedData TrainTokens, IReadOnlyList<TokenizedSample> ValidationTokens)
    : RunData(TrainTokens, ValidationTokens)
{
    /// <inheritdoc />
    public override string LossUnit => "nats a token";

    /// <inheritdoc />
    public override TextObjective ObjectiveFor(ModelSession session, bool packing) =>
        new NextTokenObjective(session.Causal, SampleEncoding.PadId(session.Tokenizer), packing);

    /// <summary>Reads and tokenises.</summary>
    /// <exception cref="ConfigException">The model is an encoder.</exception>
    public static GenerationRunData Read(RunConfig config, Tokenizer tokenizer, LanguageModel model)
    {
        if (model is not CausalLanguageModel)
        {
            throw new ConfigException($"Task '{config.Task}' generates text, and {config.Model} is an encoder; take a task with labels, or a model of the Llama family.");
        }

        var task = TaskRegistry.Get(config.Task, new ColumnMap(config.Data.Columns));
        var (train, validation) = Split(config, task);
        var tokens = SampleEncoding.For(tokenizer, config.Model, config.Training.MaxLength, config.Training.MaxUntrainedShare);
        return new GenerationRunData(task, train, validation, tokens.TokenizeAll(train), validation.Count == 0 ? [] : tokens.TokenizeAll(validation).Samples);
    }

    private static (IReadOnlyList<Sample> Train, IReadOnlyList<Sample> Validation) Split(RunConfig config, ITask task)
    {
        var data = config.Data;
        var train = task.Read(data.Train, TaskSplit.Train, data.Limit);
        if (data.Validation is { } path)
        {
            return (train, task.Read(path, TaskSplit.Validation, data.ValidationCount ?? DataConfig.UsualValidationCount));
        }

        return (data.ValidationCount, train) switch
        {
            (0, _) => (train, []),
            (null, [{ Prompt: "" } text]) => DataSplit.HoldOutEnd(text),
            (var count, _) => DataSplit.HoldOut(train, count ?? DataSplit.UsualCount(train.Count, DataConfig.UsualValidationCount), data.SplitSeed),
        };
    }
}
