using System.Globalization;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;
using ResLora.Text.Data.Tasks;
using ResLora.Training;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;
using ResLora.Training.FineTuning;
using ResLora.Training.Generation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.Generation;

/// <summary>Samples of a task that generates text.</summary>
/// <param name="task">The task.</param>
/// <param name="train">The samples to learn or to measure.</param>
/// <param name="validation">The samples held out; may be empty.</param>
/// <param name="use">With which chat template they are written; null for the model's own.</param>
internal sealed class GenerationData(ITask task, IReadOnlyList<Sample> train, IReadOnlyList<Sample> validation, ChatUse? use = null)
    : TaskData
{
    private const int MostMeasuredTokens = 512;
    private const int AnswerBatch = 16;
    private const int AnswerTokens = 128;
    private readonly ChatUse _use = use ?? new ChatUse();
    private ChatEncoder? _chat;

    /// <inheritdoc />
    public override string Task => task.Name;

    /// <summary>The samples to learn or to measure.</summary>
    public IReadOnlyList<Sample> Train => train;

    /// <summary>The samples held out; may be empty.</summary>
    public IReadOnlyList<Sample> Validation => validation;

    /// <inheritdoc />
    public override bool HasValidation => validation.Count > 0;

    /// <inheritdoc />
    public override string LossUnit => "nats a token";

    /// <inheritdoc />
    public override IReadOnlyDictionary<string, string> GuessedColumns => task.GuessedColumns;

    /// <inheritdoc />
    public override string? Prompt => train is [var first, ..] ? first.Conversation is null ? first.Prompt : first.Asked : null;

    /// <inheritdoc />
    public override string? ChatTemplate => _chat is null ? null : ChatChoice.Written(_use);

    /// <inheritdoc />
    public override IEnumerable<KeyValuePair<string, string>> Facts(EncodedData data)
    {
        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        if (OtherNames.Describe(task.GuessedColumns) is { } guessed)
        {
            yield return new("columns", guessed);
        }

        foreach (var fact in _chat is null ? [] : ChatFacts.Of(_chat, train))
        {
            yield return fact;
        }

        var learnt = (TokenizedData)data.Train;
        var windows = learnt.CutIntoWindows == 0 ? "" : Text($" ({learnt.CutIntoWindows:N0} long texts are cut into windows)");
        yield return new("data", Text(
            $"{learnt.Examples.Count:N0} samples{windows}{ChatFacts.Counts(learnt)}, {learnt.TooLong} too long, ")
            + Text($"{learnt.Untrained} with nothing to learn, {data.Validation.Count} for validation"));
        yield return new("trained tokens", Text(
            $"{learnt.MinTrainedTokens} to {learnt.MaxTrainedTokens} a sample, {learnt.MeanTrainedTokens:0.0} on average; the longest sample has {learnt.LongestSample} tokens"));
    }

    /// <inheritdoc />
    public override EncodedData Encode(ModelSession session, EncodingTerms terms)
    {
        _chat = Chat(session);
        var encoding = Encoding(session, terms);
        return new EncodedData(encoding.TokenizeAll(train), HasValidation ? encoding.TokenizeAll(validation).Samples : []);
    }

    /// <summary>The prompts; of plain text and of conversations all of it, where what is given and what is learnt go on from each
    /// other.</summary>
    /// <inheritdoc />
    public override IEnumerable<string> Inputs(bool heldOut) => (heldOut ? validation : train).Select(sample => sample switch
    {
        { Conversation: { } conversation } => string.Join('\n', conversation.Messages.Select(message => message.Json.GetRawText())),
        { Prompt.Length: > 0 } => sample.Prompt,
        _ => sample.Completion,
    });

    /// <inheritdoc />
    public override IReadOnlyList<ShownSample>? Show(ModelSession session, EncodingTerms terms, int count) =>
        ShownSamples.Of(train.Take(count), Encoding(session, terms), session.Tokenizer, terms.MaxLength);

    /// <inheritdoc />
    public override Objective ObjectiveFor(ModelSession session, bool packing) =>
        new NextTokenObjective(session.Causal, SampleEncoding.PadId(session.Tokenizer), packing);

    /// <inheritdoc />
    public override MeasuredExamples Take(ModelSession session, bool heldOut, int count, string source)
    {
        Sample[] taken = [.. (heldOut ? validation : train).Take(count)];
        var chat = Chat(session);
        var encoding = Encoding(session, new EncodingTerms(Math.Min(MostMeasuredTokens, session.Text.MaxPositions)));
        var tokens = encoding.TokenizeAll(taken).Samples;
        var guessed = OtherNames.Describe(task.GuessedColumns) is { } columns ? $" ({columns})" : "";
        return new MeasuredExamples($"{tokens.Count} samples of {source}{guessed}", ObjectiveFor(session, packing: false), tokens)
        {
            Prompts = [.. taken.Select(sample => chat?.ConversationOf(sample) is { } conversation ? chat.PromptOf(conversation)
                : sample.Prompt.Length > 0 ? sample.Prompt : sample.Completion)],
            Answer = taken.Any(sample => sample.Answer is not null) ? stop => Answer(session, taken, stop) : null,
        };
    }

    /// <inheritdoc />
    public override Measurement Measure(ModelSession session, MeasuringTerms terms, CancellationToken stop)
    {
        _chat = Chat(session);
        var tokens = Encoding(session, new EncodingTerms(Math.Min(terms.MaxLength, session.Causal.MaxPositions))).TokenizeAll(train);
        var loss = Perplexity.Measure(session.Causal, tokens.Samples, SampleEncoding.PadId(session.Tokenizer), terms.BatchSize, terms.Ranks, stop);
        NotFiniteException.ThrowIfAny(terms.Ranks, session.Model, loss.Loss);
        return new Measurement(train.Count, loss)
        {
            Answers = Answers(session, terms, stop),
            TooLong = tokens.TooLong,
            CutIntoWindows = tokens.CutIntoWindows,
            CutAtTurns = tokens.CutAtTurns,
            ChatTemplate = _chat?.TemplateName,
        };
    }

    /// <inheritdoc />
    public override ExactMatchResult? Answers(ModelSession session, MeasuringTerms terms, CancellationToken stop)
    {
        Sample[] answered = [.. train.Where(sample => sample.Answer is not null)];
        return answered.Length == 0 ? null : ExactMatch.Measure(
            session.Causal, session.Tokenizer, task, answered, terms.BatchSize, new GenerationConfig { MaxNewTokens = terms.MaxNewTokens },
            terms.Answered is { } told ? new Counted(told, answered.Length) : null, Chat(session), terms.Ranks, stop);
    }

    /// <inheritdoc />
    public override double? ExactMatchOfValidation(ModelSession session, int batchSize, ICommunicator ranks, CancellationToken stop) =>
        ExactMatch
            .Measure(session.Causal, session.Tokenizer, task, validation, batchSize, new GenerationConfig(), null, Chat(session), ranks, stop)
            .Accuracy;

    private ChatEncoder? Chat(ModelSession session) => ModelChat.Of(session, _use, train);

    private SampleTokenizer Encoding(ModelSession session, EncodingTerms terms) =>
        SampleEncoding.For(session.Tokenizer, session.ModelFolder, terms.MaxLength, terms.MaxUntrainedShare, Chat(session));

    private Score Answer(ModelSession session, Sample[] samples, CancellationToken stop)
    {
        var generation = new GenerationConfig { MaxNewTokens = AnswerTokens };
        var result = ExactMatch.Measure(
            session.Causal, session.Tokenizer, task, samples, AnswerBatch, generation, null, Chat(session), stop: stop);
        return new Score(result.Correct, result.Total);
    }

    private sealed class Counted(Action<int, int> told, int total) : IProgress<int>
    {
        public void Report(int value) => told(value, total);
    }
}
