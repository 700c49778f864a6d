namespace ResLora.Images.Preprocessing;

/// <summary>
/// A class of transformers that prepares pictures, with what it does where a file says nothing (transformers 5.12, the classes that work
/// with Pillow).
/// </summary>
internal sealed record ProcessorClass
{
    private static readonly double[] _half = [0.5, 0.5, 0.5];
    private static readonly double[] _clipMean = [0.48145466, 0.4578275, 0.40821073];
    private static readonly double[] _clipDeviation = [0.26862954, 0.26130258, 0.27577711];

    // What the classes were and are called: ViTFeatureExtractor, ViTImageProcessor, ViTImageProcessorFast, ViTImageProcessorPil.
    private static readonly string[] _endings = ["FeatureExtractor", "ImageProcessorFast", "ImageProcessorPil", "ImageProcessor"];

    private static readonly Dictionary<string, string> _modelTypes = new(StringComparer.Ordinal)
    {
        ["vit"] = "ViT",
        ["vit_mae"] = "ViT",
        ["vit_msn"] = "ViT",
        ["ijepa"] = "ViT",
        ["swin"] = "ViT",
        ["swinv2"] = "ViT",
        ["deit"] = "DeiT",
        ["beit"] = "Beit",
        ["data2vec-vision"] = "Beit",
        ["clip"] = "CLIP",
        ["siglip"] = "Siglip",
        ["dinov2"] = "Bit",
        ["bit"] = "Bit",
        ["convnext"] = "ConvNext",
        ["convnextv2"] = "ConvNext",
    };

    /// <summary>The classes that are known.</summary>
    public static IReadOnlyList<ProcessorClass> All { get; } =
    [
        new() { Name = "ViT", NumberIsSquare = true, Size = new ResizeRule.Exact(224, 224), Resampling = Resampling.Bilinear },
        new() { Name = "DeiT", NumberIsSquare = true, Size = new ResizeRule.Exact(256, 256), Crop = (224, 224), Crops = true },
        new() { Name = "Beit", NumberIsSquare = true, Size = new ResizeRule.Exact(224, 224), Crop = (224, 224) },
        new() { Name = "CLIP", Size = new ResizeRule.ShortestEdge(224), Crop = (224, 224), Crops = true, Mean = _clipMean, Deviation = _clipDeviation },
        new() { Name = "Bit", Size = new ResizeRule.ShortestEdge(224), Crop = (224, 224), Crops = true, Mean = _clipMean, Deviation = _clipDeviation },
        new() { Name = "Siglip", Size = new ResizeRule.Exact(224, 224) },
        new() { Name = "ConvNext", Size = new ResizeRule.ShortestEdge(384), CropShare = 224 / 256.0 },
    ];

    /// <summary>The name without its ending.</summary>
    public required string Name { get; init; }

    /// <summary>The size where the file has none.</summary>
    public required ResizeRule Size { get; init; }

    /// <summary>Whether a number in place of a size is a square; else it is the shorter side.</summary>
    public bool NumberIsSquare { get; init; }

    /// <summary>The filter where the file names none.</summary>
    public Resampling Resampling { get; init; } = Resampling.Bicubic;

    /// <summary>Whether it crops where the file does not say.</summary>
    public bool Crops { get; init; }

    /// <summary>The crop where the file has none, height and width; null where the class has none.</summary>
    public (int Height, int Width)? Crop { get; init; }

    /// <summary>ConvNeXT's crop_pct: the share of the shorter side that a crop takes; null for the other classes.</summary>
    public double? CropShare { get; init; }

    /// <summary>Means of red, green and blue.</summary>
    public IReadOnlyList<double> Mean { get; init; } = _half;

    /// <summary>Deviations of red, green and blue.</summary>
    public IReadOnlyList<double> Deviation { get; init; } = _half;

    /// <summary>Finds a class by what a file calls it.</summary>
    /// <param name="type">The value of image_processor_type or feature_extractor_type.</param>
    /// <returns>The class; null when it is not known.</returns>
    public static ProcessorClass? OfType(string type) =>
        _endings.Where(ending => type.EndsWith(ending, StringComparison.Ordinal))
            .Select(ending => All.FirstOrDefault(one => one.Name == type[..^ending.Length]))
            .FirstOrDefault(one => one is not null);

    /// <summary>Finds the class that transformers takes for a model, where its file names none.</summary>
    /// <param name="modelType">The value of model_type in config.json.</param>
    /// <returns>The class; null when it is not known.</returns>
    public static ProcessorClass? OfModel(string modelType) =>
        _modelTypes.TryGetValue(modelType, out var name) ? All.First(one => one.Name == name) : null;
}
