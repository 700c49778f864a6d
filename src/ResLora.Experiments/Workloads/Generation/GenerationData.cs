using System.Globalization;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Generation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.Generation;

/// <summary>Samples of a task that generates text.</summary>
/// <param name="task">The task.</param>
/// <param name="train">The samples to learn or to measure.</param>
/// <param name="validation">The samples held out; may be empty.</param>
internal sealed class GenerationData(ITask task, IReadOnlyList<Sample> train, IReadOnlyList<Sample> validation) : TaskData
{
    private const int MostMeasuredTokens = 512;
    private const int AnswerBatch = 16;
    private const int AnswerTokens = 128;

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
    public override string? Prompt => train is [var first, ..] ? first.Prompt : null;

    /// <inheritdoc />
    public override IEnumerable<KeyValuePair<string, string>> Facts(EncodedData data)
    {
        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        if (OtherNames.Describe(task.GuessedColumns) is { } guessed)
        {
            yield return new("columns", guessed);
        }

        var learnt = data.Train;
        var windows = learnt.CutIntoWindows == 0 ? "" : Text($" ({learnt.CutIntoWindows:N0} long texts are cut into windows)");
        yield return new("data", Text(
            $"{learnt.Examples.Count:N0} samples{windows}, {learnt.TooLong} too long, {learnt.Untrained} with nothing to learn, {data.Validation.Count} for validation"));
        yield return new("trained tokens", Text(
            $"{learnt.MinTrainedTokens} to {learnt.MaxTrainedTokens} a sample, {learnt.MeanTrainedTokens:0.0} on average; the longest sample has {learnt.LongestSample} tokens"));
    }

    /// <inheritdoc />
    public override EncodedData Encode(ModelSession session, EncodingTerms terms)
    {
        var encoding = SampleEncoding.For(session.Tokenizer, session.ModelFolder, terms.MaxLength, terms.MaxUntrainedShare);
        return new EncodedData(encoding.TokenizeAll(train), HasValidation ? encoding.TokenizeAll(validation).Samples : []);
    }

    /// <inheritdoc />
    public override Objective ObjectiveFor(ModelSession session, bool packing) =>
        new NextTokenObjective(session.Causal, SampleEncoding.PadId(session.Tokenizer), packing);

    /// <inheritdoc />
    public override MeasuredExamples Take(ModelSession session, bool heldOut, int count, string source)
    {
        Sample[] taken = [.. (heldOut ? validation : train).Take(count)];
        var encoding = SampleEncoding.For(session.Tokenizer, session.ModelFolder, Math.Min(MostMeasuredTokens, session.Text.MaxPositions));
        var tokens = encoding.TokenizeAll(taken).Samples;
        var guessed = OtherNames.Describe(task.GuessedColumns) is { } columns ? $" ({columns})" : "";
        return new MeasuredExamples($"{tokens.Count} samples of {source}{guessed}", ObjectiveFor(session, packing: false), tokens)
        {
            Prompts = [.. taken.Select(sample => sample.Prompt.Length > 0 ? sample.Prompt : sample.Completion)],
            Answer = taken.Any(sample => sample.Answer is not null) ? stop => Answer(session, taken, stop) : null,
        };
    }

    /// <inheritdoc />
    public override Measurement Measure(ModelSession session, MeasuringTerms terms, CancellationToken stop)
    {
        var encoding = SampleEncoding.For(session.Tokenizer, session.ModelFolder, Math.Min(terms.MaxLength, session.Causal.MaxPositions));
        var tokens = encoding.TokenizeAll(train);
        var loss = Perplexity.Measure(session.Causal, tokens.Samples, SampleEncoding.PadId(session.Tokenizer), terms.BatchSize, stop);
        NotFiniteException.ThrowIfAny(session.Model, loss.Loss);
        Sample[] answered = [.. train.Where(sample => sample.Answer is not null)];
        return new Measurement(train.Count, loss)
        {
            Answers = answered.Length == 0 ? null : ExactMatch.Measure(
                session.Causal, session.Tokenizer, task, answered, terms.BatchSize, new GenerationConfig { MaxNewTokens = terms.MaxNewTokens },
                terms.Answered is { } told ? new Counted(told, answered.Length) : null, stop),
            TooLong = tokens.TooLong,
            CutIntoWindows = tokens.CutIntoWindows,
        };
    }

    /// <inheritdoc />
    public override double? ExactMatchOfValidation(ModelSession session, int batchSize, CancellationToken stop) =>
        ExactMatch.Measure(session.Causal, session.Tokenizer, task, validation, batchSize, new GenerationConfig(), null, stop).Accuracy;

    private Score Answer(ModelSession session, Sample[] samples, CancellationToken stop)
    {
        var generation = new GenerationConfig { MaxNewTokens = AnswerTokens };
        var result = ExactMatch.Measure(session.Causal, session.Tokenizer, task, samples, AnswerBatch, generation, null, stop);
        return new Score(result.Correct, result.Total);
    }

    private sealed class Counted(Action<int, int> told, int total) : IProgress<int>
    {
        public void Report(int value) => told(value, total);
    }
}
