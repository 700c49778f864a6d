using System.Globalization;
using ResLora.Images.Folders;
using ResLora.Models;
using ResLora.Text.Data.Labelling;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.Pictures;

/// <summary>Pictures with labels, listed and not decoded.</summary>
/// <param name="modelFolder">The folder with the preprocessor's file.</param>
/// <param name="classes">What labels stand for, in the order of the head's outputs.</param>
/// <param name="split">The pictures.</param>
/// <param name="settings">How they are changed in training, and how many are kept in memory.</param>
internal sealed class LabelledPictures(string modelFolder, LabelSet classes, PictureSplit split, DataConfig settings) : TaskData
{
    /// <inheritdoc />
    public override string Task => PictureWorkload.TaskName;

    /// <inheritdoc />
    public override bool HasValidation => split.HeldOut.Count > 0;

    /// <inheritdoc />
    public override string LossUnit => "nats a picture";

    /// <inheritdoc />
    public override ModelHead Head => ModelHead.ForLabels(classes.Names);

    /// <inheritdoc />
    public override IReadOnlyList<ClassShare> Balance { get; } =
    [
        .. classes.Names
            .Select((name, i) => (Name: name, Count: split.Train.Count(picture => picture.Label == i)))
            .Select(label => new ClassShare(label.Name, label.Count, (double)label.Count / split.Train.Count)),
    ];

    /// <inheritdoc />
    public override IEnumerable<KeyValuePair<string, string>> Facts(EncodedData data)
    {
        yield return new("data", string.Create(
            CultureInfo.InvariantCulture,
            $"{data.Train.Examples.Count:N0} pictures, {data.Train.LongestSample} tokens each, {data.Validation.Count} for validation{(split.Broken == 0 ? "" : $"; {split.Broken} are broken and left out")}"));
        yield return new("labels", LabelBalance.Describe(Balance));
    }

    /// <summary>Digests of the files.</summary>
    /// <inheritdoc />
    public override IEnumerable<string> Inputs(bool heldOut) => split.Digests(heldOut);

    /// <inheritdoc />
    public override EncodedData Encode(ModelSession session, EncodingTerms terms)
    {
        var feed = Feed(session);
        return new EncodedData(new([.. Examples(feed, split.Train)]), [.. Examples(feed, split.HeldOut)]);
    }

    /// <inheritdoc />
    public override Objective ObjectiveFor(ModelSession session, bool packing) => Objective(session);

    /// <inheritdoc />
    public override MeasuredExamples Take(ModelSession session, bool heldOut, int count, string source)
    {
        // The first pictures of a folder are of one class: some of all of them are taken.
        var pictures = heldOut ? split.HeldOut : split.Train;
        var feed = Feed(session);
        var step = Math.Max(1, pictures.Count / count);
        PictureExample[] taken = [.. Examples(feed, pictures.Where((_, i) => i % step == 0).Take(count))];
        return new MeasuredExamples($"{taken.Length} pictures of {source}", Objective(session), taken);
    }

    /// <inheritdoc />
    public override Measurement Measure(ModelSession session, MeasuringTerms terms, CancellationToken stop)
    {
        PictureExample[] examples = [.. Examples(Feed(session), split.Train)];
        var objective = Objective(session);
        objective.Ranks = terms.Ranks;
        var (loss, scores, rated) = objective.Score(examples, terms.BatchSize, stop);
        NotFiniteException.ThrowIfAny(terms.Ranks, session.Model, loss);
        return new Measurement(examples.Length, new EvaluationLoss(loss, examples.Length))
        {
            Labels = scores,
            LabelNames = classes.Names,
            Rated = [.. rated.Select(one => Rated(one, split.Train[one.Place].Source))],
        };
    }

    private static RatedSample Rated(RatedExample one, PictureSource source) =>
        new(one.Place, one.Target, one.Outputs) { File = source.Name, Picture = source.Decode };

    private PictureLabelObjective Objective(ModelSession session) =>
        new((ImageModel)session.Model, PictureLabels.Measures(classes.Count), classes);

    private PictureFeed Feed(ModelSession session) => PictureFeed.Read((ImageModel)session.Model, modelFolder, settings);

    private static IEnumerable<PictureExample> Examples(PictureFeed feed, IEnumerable<LabelledPicture> pictures) =>
        pictures.Select(picture => feed.Example(picture.Source, picture.Label));
}
