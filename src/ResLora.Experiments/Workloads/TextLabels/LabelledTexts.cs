using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data.Labelling;
using ResLora.Text.Tokenization;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.TextLabels;

/// <summary>Texts of a task with labels or scores.</summary>
/// <param name="task">The task.</param>
/// <param name="train">The texts to learn or to measure, with the labels in the order of the head's outputs.</param>
/// <param name="validation">The texts held out; may be empty.</param>
internal sealed class LabelledTexts(LabelledTask task, LabelledData train, IReadOnlyList<LabelledText> validation) : TaskData
{
    private const int MostMeasuredTokens = 512;

    /// <inheritdoc />
    public override string Task => task.Name;

    /// <summary>The task.</summary>
    public LabelledTask Kind => task;

    /// <summary>The texts to learn or to measure.</summary>
    public LabelledData Train => train;

    /// <summary>Which text of a pair is cut.</summary>
    public Truncation Truncation { get; init; } = Truncation.LongestFirst;

    /// <summary>Where the texts to measure are, for errors.</summary>
    public string Place { get; init; } = "The data";

    /// <inheritdoc />
    public override bool HasValidation => validation.Count > 0;

    /// <inheritdoc />
    public override string LossUnit => train.Labels is null ? "squared error" : "nats a sample";

    /// <inheritdoc />
    public override ModelHead Head => train.Labels is { } labels ? ModelHead.ForLabels(labels.Names) : ModelHead.Score;

    /// <inheritdoc />
    public override IReadOnlyList<ClassShare> Balance => train.Balance();

    /// <inheritdoc />
    public override IEnumerable<KeyValuePair<string, string>> Facts(EncodedData data)
    {
        var learnt = data.Train;
        yield return new("data", string.Create(
            CultureInfo.InvariantCulture,
            $"{learnt.Examples.Count:N0} samples, the longest of {learnt.LongestSample} tokens, {learnt.Truncated} cut to the limit, {data.Validation.Count} for validation"));
        yield return new("labels", LabelBalance.Describe(Balance));
    }

    /// <inheritdoc />
    public override IEnumerable<string> Inputs(bool heldOut) =>
        (heldOut ? validation : train.Texts).Select(text => $"{text.Text}\n{text.SecondText}");

    /// <inheritdoc />
    public override EncodedData Encode(ModelSession session, EncodingTerms terms)
    {
        var encoding = new LabelledEncoding(session.Tokenizer, session.Encoder, terms.MaxLength, Truncation);
        return new EncodedData(encoding.TokenizeAll(train.Texts), HasValidation ? encoding.TokenizeAll(validation).Samples : []);
    }

    /// <inheritdoc />
    public override Objective ObjectiveFor(ModelSession session, bool packing) =>
        new TextLabelObjective(session.Encoder, task, train.Labels);

    /// <inheritdoc />
    public override MeasuredExamples Take(ModelSession session, bool heldOut, int count, string source)
    {
        LabelledText[] taken = [.. (heldOut ? validation : train.Texts).Take(count)];
        var objective = new TextLabelObjective(session.Encoder, task, train.Labels);
        var samples = new LabelledEncoding(session.Tokenizer, session.Encoder, MostMeasuredTokens).TokenizeAll(taken).Samples;
        var place = $"{samples.Count} samples of {source}";
        var measured = samples[0].Target is null ? RandomTexts.LabelledByModel(
            place, objective, samples) : new MeasuredExamples(place, objective, samples);
        return measured with { Prompts = [.. taken.SelectMany(text => new[] { text.Text, text.SecondText }).OfType<string>()] };
    }

    /// <inheritdoc />
    public override Measurement Measure(ModelSession session, MeasuringTerms terms, CancellationToken stop)
    {
        if (!train.IsLabelled)
        {
            throw new ConfigException($"{Place} has no labels to compare with; 'reslora predict' says what the model makes of it.");
        }

        var tokens = new LabelledEncoding(session.Tokenizer, session.Encoder, terms.MaxLength).TokenizeAll(train.Texts);
        var (loss, scores, rated) = new TextLabelObjective(session.Encoder, task, train.Labels) { Ranks = terms.Ranks }.Score(
            tokens.Samples, terms.BatchSize, stop);
        NotFiniteException.ThrowIfAny(terms.Ranks, session.Model, loss);
        return new Measurement(tokens.Samples.Count, new EvaluationLoss(loss, tokens.Samples.Count))
        {
            Labels = scores,
            LabelNames = train.Labels?.Names,
            Rated = [.. rated.Select(one => new RatedSample(train.Texts[one.Place].Index, one.Target, one.Outputs))],
            Truncated = tokens.Truncated,
        };
    }
}
