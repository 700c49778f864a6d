using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Training;
using ResLora.Training.FineTuning;
using ResLora.Training.Generation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.Generation;

/// <summary>Texts to go on with: prompts with completions, and whole texts.</summary>
internal sealed class GenerationWorkload : TextWorkload
{
    /// <inheritdoc />
    public override IReadOnlyList<string> Tasks { get; } = [.. TaskRegistry.All.Select(task => task.Name)];

    /// <inheritdoc />
    public override bool Fits(Network network) => network is CausalLanguageModel;

    /// <inheritdoc />
    public override string Misfit(string task, string model) =>
        $"Task '{task}' generates text, and {model} is an encoder; take a task with labels, or a model of the Llama family.";

    /// <inheritdoc />
    public override (string Task, string Reason) FindTask(string data) => TaskFinder.Find(data, isForEncoder: false);

    /// <inheritdoc />
    public override TaskData Read(RunSource source, Network network, bool headIsNew)
    {
        var data = source.Data;
        var task = PatternTask.With(TaskRegistry.Get(source.Task, new ColumnMap(data.Columns)), data.AnswerPattern);
        var use = ChatChoice.Of(data);
        var train = task.Read(data.Train, TaskSplit.Train, data.Limit);
        if (data.Validation is { } path)
        {
            var most = data.ValidationCount ?? DataConfig.UsualValidationCount;
            return new GenerationData(task, train, task.Read(path, TaskSplit.Validation, most), use);
        }

        var (learnt, heldOut) = (data.ValidationCount, train) switch
        {
            (0, _) => (train, []),
            (null, [{ Prompt: "", Conversation: null } text]) => DataSplit.HoldOutEnd(text),
            (var count, _) =>
                DataSplit.HoldOut(train, count ?? DataSplit.UsualCount(train.Count, DataConfig.UsualValidationCount), data.SplitSeed),
        };
        return new GenerationData(task, learnt, heldOut, use);
    }

    /// <inheritdoc />
    public override TaskData Read(GivenData given, ModelSession session)
    {
        var task = PatternTask.With(TaskRegistry.Get(given.Task, given.Columns), given.AnswerPattern);
        var use = ChatChoice.Of(given.ChatTemplate, given.Adapter ?? session.ModelFolder);
        return new GenerationData(task, task.Read(given.Path, given.Split, given.Limit), [], use);
    }

    /// <summary>Texts that the network writes itself.</summary>
    /// <inheritdoc />
    public override MeasuredExamples Invent(ModelSession session, int seed, string purpose)
    {
        const int texts = 16;
        const int length = 64;
        const int seedsApart = 1000;
        var generator = new TextGenerator(session.Causal, session.Tokenizer);
        // Where nothing is put in front of a text, the model needs something to begin with.
        var prompt = session.Tokenizer.Before.Count == 0 ? "The" : "";
        var written = Enumerable.Range(seed * seedsApart, texts)
            .Select(s =>
                prompt + string.Concat(
                    generator.Stream(prompt, new GenerationConfig { Temperature = 1, Seed = s, MaxNewTokens = length })))
            .Select(text => (Text: text, Ids: session.Tokenizer.EncodePrompt(text).ToArray()))
            .Where(sample => sample.Ids.Length > 1)
            .ToArray();
        return written.Length == 0
            ? throw new ConfigException($"There is no text to {purpose} on: the adapter has no run beside it and the model writes nothing; name data (--task, --data, --calibration).")
            : new MeasuredExamples(
                $"{written.Length} texts of at most {length} tokens that the unmerged model wrote",
                new NextTokenObjective(session.Causal, SampleEncoding.PadId(session.Tokenizer)),
                [.. written.Select(sample => new TokenizedSample(sample.Ids, [TokenizedSample.Masked, .. sample.Ids.Skip(1)]))])
            {
                Prompts = [.. written.Select(sample => sample.Text)],
            };
    }
}
