namespace ResLora.Images.Augmentation;

/// <summary>
/// How pictures are changed at random while a model trains, in this order: crop or shift, flips, colour jitter, RandAugment, gray, erasing.
/// Names and defaults are torchvision's; what is not named does not run.
/// </summary>
public sealed record AugmentConfig
{
    /// <summary>A part of the picture of random place, size and proportions, resized to the model's size, in the place of the model's own
    /// resizing; null for none.</summary>
    public RandomResizedCropConfig? RandomResizedCrop { get; init; }

    /// <summary>A part of the model's size out of the resized picture with a black border around it, at a random place; null for none. It
    /// moves the picture by up to the border's width.</summary>
    public RandomCropConfig? RandomCrop { get; init; }

    /// <summary>The share of pictures whose left and right are exchanged, 0 to 1. Wrong for text, digits, and captions that say left or
    /// right. Default 0.</summary>
    public double HorizontalFlip { get; init; }

    /// <summary>The share of pictures whose top and bottom are exchanged, 0 to 1. Default 0.</summary>
    public double VerticalFlip { get; init; }

    /// <summary>Brightness, contrast, saturation and hue by random factors; null for none.</summary>
    public ColorJitterConfig? ColorJitter { get; init; }

    /// <summary>Steps drawn from a list, each as strong as said; null for none.</summary>
    public RandAugmentConfig? RandAugment { get; init; }

    /// <summary>The share of pictures that become gray, 0 to 1. Default 0.</summary>
    public double Grayscale { get; init; }

    /// <summary>A rectangle that is blotted out with the mean colour; null for none.</summary>
    public RandomErasingConfig? RandomErasing { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var (name, share) in new[] { ("horizontalFlip", HorizontalFlip), ("verticalFlip", VerticalFlip), ("grayscale", Grayscale) })
        {
            if (share is not (>= 0 and <= 1))
            {
                yield return $"{name} is {share}; it must be from 0 to 1";
            }
        }

        if (RandomResizedCrop is not null && RandomCrop is not null)
        {
            yield return "randomResizedCrop and randomCrop exclude each other: name one";
        }

        var inner = (RandomCrop?.Problems().Select(problem => $"randomCrop.{problem}") ?? [])
            .Concat(RandomResizedCrop?.Problems().Select(problem => $"randomResizedCrop.{problem}") ?? [])
            .Concat(ColorJitter?.Problems().Select(problem => $"colorJitter.{problem}") ?? [])
            .Concat(RandAugment?.Problems().Select(problem => $"randAugment.{problem}") ?? [])
            .Concat(RandomErasing?.Problems().Select(problem => $"randomErasing.{problem}") ?? []);
        foreach (var problem in inner)
        {
            yield return problem;
        }
    }
}
