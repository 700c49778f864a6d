using System.Globalization;
using ResLora.Experiments.Workloads;
using ResLora.Experiments.Workloads.Pictures;
using ResLora.Formats;
using ResLora.Images;
using ResLora.Images.Augmentation;
using ResLora.Images.Preprocessing;
using ResLora.Models;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Pretraining;

/// <summary>A vision transformer with its preprocessor, and the labelled pictures that it learns from.</summary>
internal sealed class NewPictureModel : NewModel
{
    private readonly LabelSet _classes;
    private readonly PictureSplit _split;
    private readonly Preprocessor _preprocessor;
    private readonly AugmentConfig? _augment;

    private NewPictureModel(PretrainConfig config, LabelSet classes, PictureSplit split, Preprocessor preprocessor)
        : base(
            config,
            Describe(config, classes),
            new Dictionary<string, byte[]> { [PreprocessorFile.FileName] = PreprocessorFile.Bytes(preprocessor) })
    {
        (_classes, _split, _preprocessor, _augment) = (classes, split, preprocessor, config.Augment);
        Objective = new PictureLabelObjective((ImageModel)Model, PictureLabels.Measures(classes.Count), classes);
    }

    /// <inheritdoc />
    public override Objective Objective { get; }

    /// <inheritdoc />
    public override long? Vocabulary => null;

    /// <summary>Lists the pictures and makes a model for their labels.</summary>
    public static new NewPictureModel Of(PretrainConfig config)
    {
        var data = new DataConfig
        {
            Train = config.Pictures!,
            Columns = config.Columns,
            Limit = config.Limit,
            ValidationCount = config.ValidationCount,
            SplitSeed = config.SplitSeed,
        };
        var size = config.Model.ImageSize;
        var (classes, split) = PictureSplit.Read(data, null, headIsNew: true);
        return new NewPictureModel(config, classes, split, Preprocessor.New(size, size));
    }

    /// <inheritdoc />
    public override (IReadOnlyList<IExample> Train, IReadOnlyList<IExample> HeldOut, KeyValuePair<string, string> Fact) Encode()
    {
        var feed = new PictureFeed(
            (ImageModel)Model, _preprocessor, "model.imageSize", _augment, ByteSize.Parse("pictureCache", DataConfig.UsualPictureCache));
        return (
            [.. _split.Train.Select(picture => feed.Example(picture.Source, picture.Label))],
            [.. _split.HeldOut.Select(picture => feed.Example(picture.Source, picture.Label))],
            new("pictures", string.Create(
                CultureInfo.InvariantCulture, $"{_split.Train.Count:N0} pictures of {_classes.Count} classes, {_split.HeldOut.Count} held out")));
    }

    private static NewNetwork Describe(PretrainConfig config, LabelSet classes)
    {
        var model = config.Model;
        return ModelRegistry.Find("vit")!.NewOfImages!(new ImageNetworkShape
        {
            Layers = model.Layers,
            Hidden = model.Hidden,
            Intermediate = model.Intermediate,
            Heads = model.Heads,
            Dropout = model.Dropout,
            InitializerRange = model.InitializerRange,
            ImageSize = new PixelSize(model.ImageSize, model.ImageSize),
            PatchSize = new PixelSize(model.PatchSize, model.PatchSize),
            Channels = PixelImage.Channels,
            Head = ModelHead.ForLabels(classes.Names),
        });
    }
}
