using ResLora.Formats;
using ResLora.Images.Folders;
using ResLora.Models;
using ResLora.Text.Data.Labelling;
using ResLora.Training;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads.Pictures;

/// <summary>Pictures with labels.</summary>
internal sealed class PictureWorkload : Workload
{
    /// <summary>The name of its task.</summary>
    public const string TaskName = "image-classification";

    /// <inheritdoc />
    public override IReadOnlyList<string> Tasks { get; } = [TaskName];

    /// <inheritdoc />
    public override KeyValuePair<string, IReadOnlyList<string>> Companions { get; } = new(
        "the preprocessor's file", ["preprocessor_config.json"]);

    /// <inheritdoc />
    public override TemplateWords Words { get; } = new(
        "config.json, preprocessor_config.json and model.safetensors",
        "What is learnt: the labels of pictures.",
        "A folder with a folder a class, a folder with metadata.csv, .jsonl or .parquet, or a table with paths or bytes of pictures.",
        "pictures",
        "A folder or a table to validate on.",
        "other-pictures",
        "{image: picture, label: category}",
        HasLength: false);

    /// <inheritdoc />
    public override bool Fits(Network network) => network is ImageModel;

    /// <inheritdoc />
    public override string Misfit(string task, string model) =>
        $"Task '{task}' has pictures to label, and {model} reads texts; take a ViT, or a task on texts.";

    /// <inheritdoc />
    public override IEnumerable<string> Problems(DataConfig data) => data.GivenForGeneration();

    /// <inheritdoc />
    public override (string Task, string Reason) FindTask(string data) => (TaskName, "the model looks at pictures");

    /// <inheritdoc />
    public override TaskData Read(RunSource source, Network network, bool headIsNew)
    {
        var saved = source.Adapter is { } from && headIsNew ? ModelHeadFile.Read(from) : null;
        var (classes, split) = PictureSplit.Read(source.Data, saved ?? network.Head, headIsNew);
        if (saved is not null)
        {
            HeadLabels.Require(PictureLabels.Measures(classes.Count), classes, saved, source.Adapter!);
        }

        return new LabelledPictures(source.Model, classes, split, source.Data);
    }

    /// <inheritdoc />
    public override TaskData Read(GivenData given, ModelSession session)
    {
        var (classes, pictures) = PictureSplit.Given(given, PictureSplit.Request(given.Columns, session.Model.Head));
        return new LabelledPictures(session.ModelFolder, classes!, new PictureSplit(pictures, []), new DataConfig { Train = given.Path });
    }

    /// <inheritdoc />
    public override LabelMeasures MeasuresOf(string task, int labels) => PictureLabels.Measures(labels);

    /// <inheritdoc />
    public override MeasuredExamples Invent(ModelSession session, int seed, string purpose)
    {
        const int pictures = 32;
        var model = (ImageModel)session.Model;
        var examples = Enumerable.Range(0, pictures).Select(i => new RandomPicture(model, (seed * pictures) + i)).ToArray();
        return MeasuredExamples.LabelledByModel(
            $"{pictures} random pictures", Objective(model), examples, (picture, target) => picture with { Target = target });
    }

    /// <inheritdoc />
    public override PredictionInputs Inputs(PredictionSource source, ModelSession session, IEnumerable<string> lines)
    {
        var model = (ImageModel)session.Model;
        // A stream may have no end: nothing is kept.
        var feed = PictureFeed.Read(model, session.ModelFolder, null);
        var pictures = source.Data is { } data
            ? PictureDataReader.Read(data, new PictureRequest { Columns = source.Columns }).Pictures.Select(picture => picture.Source)
            : lines.Where(line => !string.IsNullOrWhiteSpace(line)).Select(line => PictureSource.OfFile(line.Trim(), line.Trim()));
        return new PredictionInputs(
            Objective(model), model.Head.Labels, pictures.Select(
                (picture, i) => new PredictionInput(i, feed.Example(picture, null), picture.Name)));
    }

    /// <inheritdoc />
    public override Tensor Outputs(Network network, IExample example)
    {
        using var scope = NewDisposeScope();
        var (model, picture) = ((ImageModel)network, (PictureExample)example);
        var pixels = tensor(picture.Pixels(null)).view(1, model.Channels, model.ImageSize.Height, model.ImageSize.Width);   // [1, C, Y, X]
        return model.Predict(pixels.to(model.Device)).MoveToOuterDisposeScope();   // [1, N]
    }

    /// <summary>A seed: pictures themselves are too large for a report, so that proofs are repeated on random ones.</summary>
    /// <inheritdoc />
    public override IReadOnlyList<int> Numbers(IExample example, int most) => [SeedOf(example)];

    /// <inheritdoc />
    public override IExample Example(IReadOnlyList<int> numbers, ModelSession session) =>
        new RandomPicture((ImageModel)session.Model, numbers[0]);

    /// <inheritdoc />
    public override long NumbersBelow(Network network) => int.MaxValue;

    private static PictureLabelObjective Objective(ImageModel model) =>
        new(model, PictureLabels.Measures(model.Head.Labels.Count), new LabelSet(model.Head.Labels));
}
