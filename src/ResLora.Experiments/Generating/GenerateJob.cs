using ResLora.Experiments.Configuration;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Running;
using ResLora.Experiments.Sharing;
using ResLora.Experiments.Workloads.Generation;
using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data.Chat;
using ResLora.Text.Data.Readers;
using ResLora.Training;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;
using ResLora.Training.FineTuning;
using ResLora.Training.Generation;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Generating;

/// <summary>
/// Continues many prompts, each as if it were alone: its text depends neither on its neighbours nor on the ranks that share the work.
/// </summary>
public static class GenerateJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="options">The model and where the prompts are.</param>
    /// <param name="lines">What is given where no file is named: a prompt or a JSON object a line; of several ranks those of number 0
    /// count.</param>
    /// <param name="report">Is given every text in the order of the prompts, in all ranks, as soon as it is there.</param>
    /// <param name="progress">Is told how many prompts of a file are done; null for nobody.</param>
    /// <param name="stop">Ends the job between two tokens.</param>
    /// <returns>How many prompts there were.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="NotFiniteException">The model's scores are no numbers.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static int Run(
        GenerateOptions options,
        IEnumerable<string> lines,
        Action<GeneratedLine> report,
        IProgress<RunEvent>? progress = null,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(report);
        ConfigBinder.ThrowIfAny("The settings for texts", [.. options.Problems()]);
        var rows = new PromptRows(options);
        // A file is read to its end before the model is: what is wrong in its last row is told at once.
        var file = options.Data is { } path ? rows.Read(path) : null;
        options = options with { DataType = ComputeType.Resolve(options.DataType, options.Model) };
        using var threads = SharedJob.Begin(options.Ranks, options.Terms(), options.Files());
        using var session = ModelSession.Load(
            options.Model, options.Adapter, ComputeType.Of(options.DataType), ComputeDevice.Current);
        var chat = options.Chat
            ? ModelChat.For(session, ChatChoice.Of(options.ChatTemplate, options.Adapter ?? options.Model))
            : null;
        // Without a cache that outlives a prompt: what it would keep depends on the prompt before, and so would rounding.
        var generator = new TextGenerator(session.Causal, session.Tokenizer) { Chat = chat };
        var prompts = file ?? rows.Of(options.Ranks.ReadByFirst(lines), TextLines.StandardInput);
        var (count, tooLong) = (0, new List<long>());
        var made = options.Ranks.MapEach(
            prompts.Index(), one => Continue(generator, chat, one.Item, one.Index, options.Generation, stop));
        foreach (var line in made)
        {
            report(line);
            count++;
            if (line.Text is null)
            {
                tooLong.Add(line.Index);
            }

            if (file is not null)
            {
                progress?.Report(new SamplesDone(count, file.Count));
            }
        }

        WarnOf(tooLong, session.Causal.MaxPositions);
        return count;
    }

    private static GeneratedLine Continue(
        TextGenerator generator, ChatEncoder? chat, GivenPrompt prompt, int index, GenerationConfig generation, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var own = generation with { Seed = unchecked(generation.Seed + index) };
        var read = prompt.Asked is { } asked ? Written(chat!, asked) : prompt.Text;
        var text = generator.HasRoomFor(read) ? string.Concat(generator.Stream(read, own, stop)) : null;
        // A text that was cut short by a stop is none.
        stop.ThrowIfCancellationRequested();
        return new GeneratedLine(index, prompt.Text, text, own.Temperature > 0 ? own.Seed : null);
    }

    /// <summary>What the model reads; an answer at the end of the data's conversation is given anew.</summary>
    private static string Written(ChatEncoder chat, Conversation asked) =>
        asked.Messages[^1].IsAssistant ? chat.PromptOf(asked) : chat.Ask(asked);

    private static void WarnOf(List<long> tooLong, int positions)
    {
        if (tooLong.Count > 0)
        {
            Warnings.Add(
                $"{tooLong.Count} prompts have no text: with them all {positions} tokens are taken that the model was made for. "
                + $"The first has the index {tooLong[0]}; shorten them.");
        }
    }
}
