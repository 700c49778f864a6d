using ResLora.Training.Data;
using ResLora.Training.Data.Tasks;
using ResLora.Training.Tokenization;

namespace ResLora.Experiments.Running;

/// <summary>The data of a run, as text and as tokens.</summary>
/// <param name="Task">The task.</param>
/// <param name="Train">The training samples.</param>
/// <param name="Validation">The validation samples; may be empty.</param>
/// <param name="TrainTokens">The training samples as tokens, those that are too long left out.</param>
/// <param name="ValidationTokens">The validation samples as tokens.</param>
internal sealed record RunData(
    ITask Task, IReadOnlyList<Sample> Train, IReadOnlyList<Sample> Validation, TokenizedData TrainTokens, IReadOnlyList<TokenizedSample> ValidationTokens)
{
    /// <summary>Reads and tokenises.</summary>
    public static RunData Read(RunConfig config, Tokenizer tokenizer)
    {
        var task = TaskRegistry.Get(config.Task, new ColumnMap(config.Data.Columns));
        var (train, validation) = Split(config, task);
        var tokens = SampleEncoding.For(tokenizer, config.Model, config.Training.MaxLength, config.Training.MaxUntrainedShare);
        return new RunData(task, train, validation, tokens.TokenizeAll(train), validation.Count == 0 ? [] : tokens.TokenizeAll(validation).Samples);
    }

    private static (IReadOnlyList<Sample> Train, IReadOnlyList<Sample> Validation) Split(RunConfig config, ITask task)
    {
        var data = config.Data;
        IReadOnlyList<Sample> train = [.. task.Read(data.Train, TaskSplit.Train).Take(data.Limit ?? int.MaxValue)];
        if (data.Validation is { } path)
        {
            return (train, [.. task.Read(path, TaskSplit.Validation).Take(data.ValidationCount)]);
        }

        return data.ValidationCount == 0 ? (train, []) : DataSplit.HoldOut(train, data.ValidationCount, config.Training.Seed);
    }
}
