using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;
using ResLora.Text.Data.Tasks;
using ResLora.Text.Tokenization;
using ResLora.Training.Distributed;

namespace ResLora.Training.Generation;

/// <summary>Lets a model answer and compares the final answers.</summary>
public static class ExactMatch
{
    /// <summary>
    /// Generates an answer to every sample's prompt and counts those whose final answer is the sample's, character by character.
    /// </summary>
    /// <param name="model">The model, borrowed.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="task">Finds the final answer in a text.</param>
    /// <param name="samples">The samples; those without an answer are left out, and those whose prompt fills all of the model's positions
    /// are counted.</param>
    /// <param name="batchSize">Answers generated at once; prompts alike in length go together.</param>
    /// <param name="config">How to generate; greedy unless there is a reason.</param>
    /// <param name="progress">Is told how many samples are answered; null for nobody.</param>
    /// <param name="chat">Writes prompts as conversations, as in training; null for prompts as they are.</param>
    /// <param name="ranks">The processes that answer together; null for this one alone.</param>
    /// <param name="stop">Ends the measurement between two tokens.</param>
    /// <returns>The count and every answer.</returns>
    /// <exception cref="ConfigException">No sample has an answer, or every prompt fills all of the model's positions.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ExactMatchResult Measure(
        CausalLanguageModel model,
        Tokenizer tokenizer,
        ITask task,
        IReadOnlyList<Sample> samples,
        int batchSize,
        GenerationConfig config,
        IProgress<int>? progress = null,
        ChatEncoder? chat = null,
        ICommunicator? ranks = null,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        var scored = samples.Where(sample => sample.Answer is not null).ToArray();
        if (scored.Length == 0)
        {
            throw new ConfigException(
                $"None of {samples.Count} samples has an answer to compare with; exact match needs a task with answers.");
        }

        var generator = new TextGenerator(model, tokenizer) { Chat = chat };
        var withAnswers = scored.Length;
        (scored, var prompts) = WithRoom(scored, generator, chat);
        if (scored.Length == 0)
        {
            throw new ConfigException(
                $"None of {withAnswers} prompts leaves room for an answer: the model was made for at most {model.MaxPositions} tokens, prompt and answer together.");
        }

        ranks ??= SingleProcess.Instance;
        int[][] batches = [.. Enumerable.Range(0, scored.Length).OrderBy(index => prompts[index].Length).Chunk(batchSize)];
        var done = 0;
        var answers = ranks.Map(batches, batch =>
        {
            var texts = generator.GenerateBatch([.. batch.Select(index => prompts[index])], config, stop);
            // The others are about as far.
            done = Math.Min(done + (batch.Length * ranks.Size), scored.Length);
            progress?.Report(done);
            return texts;
        });
        var predictions = new Prediction[scored.Length];
        foreach (var (batch, texts) in batches.Zip(answers))
        {
            foreach (var (index, text) in batch.Zip(texts))
            {
                var (sample, answer) = (scored[index], task.ExtractAnswer(text));
                predictions[index] = new Prediction(prompts[index], sample.Answer!, text, answer, answer == sample.Answer);
            }
        }

        return new ExactMatchResult(
            predictions.Count(p => p.Correct), predictions.Length, predictions)
        { LeftOut = withAnswers - scored.Length };
    }

    private static (Sample[] Samples, string[] Prompts) WithRoom(Sample[] samples, TextGenerator generator, ChatEncoder? chat)
    {
        var pairs = samples
            .Select(sample => (Sample: sample, Prompt: chat?.ConversationOf(sample) is { } asked ? chat.PromptOf(asked) : sample.Prompt))
            .Where(pair => generator.HasRoomFor(pair.Prompt))
            .ToArray();
        return ([.. pairs.Select(pair => pair.Sample)], [.. pairs.Select(pair => pair.Prompt)]);
    }
}
