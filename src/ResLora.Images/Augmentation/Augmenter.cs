using ResLora.Formats;
using ResLora.Images.Decoding;
using ResLora.Images.Preprocessing;

namespace ResLora.Images.Augmentation;

/// <summary>Brings pictures into the form that a network takes, changed at random where that is wanted.</summary>
/// <param name="preprocessor">What the network wants done to pictures; with an <see cref="Preprocessor.OutputSize"/>.</param>
/// <param name="config">The changes, free of problems; null for none.</param>
public sealed class Augmenter(Preprocessor preprocessor, AugmentConfig? config)
{
    /// <summary>What can be done to a picture once and kept: with random crops nothing, else the network's own resizing.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <returns>The picture that <see cref="Values"/> takes.</returns>
    public PixelImage Prepare(PixelImage picture, string name) =>
        config?.RandomResizedCrop is null ? preprocessor.Fit(picture, name) : picture;

    /// <summary>The numbers of a picture.</summary>
    /// <param name="prepared">A picture that <see cref="Prepare"/> gave.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="seed">From which it is changed; null leaves it as it is.</param>
    /// <returns>[3, H, W] of the size that the network takes.</returns>
    public float[] Values(PixelImage prepared, string name, ulong? seed)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        if (config is null || seed is null)
        {
            return preprocessor.Values(config?.RandomResizedCrop is null ? prepared : preprocessor.Fit(prepared, name));
        }

        var random = new StableRandom(seed.Value);
        var (height, width) = preprocessor.OutputSize!.Value;
        var picture = config.RandomResizedCrop is { } crop
            ? RandomResizedCrop.Apply(prepared, crop, (height, width), preprocessor.Resampling, random)
            : prepared;
        picture = config.RandomCrop is { } border ? RandomCrop.Apply(picture, border, random) : picture;
        picture = Happens(config.HorizontalFlip) ? Orientation.Apply(picture, Orientation.LeftRight) : picture;
        picture = Happens(config.VerticalFlip) ? Orientation.Apply(picture, Orientation.TopBottom) : picture;
        picture = config.ColorJitter is { } jitter ? ColorJitter.Apply(picture, jitter, random) : picture;
        picture = config.RandAugment is { } steps ? RandAugment.Apply(picture, steps, random) : picture;
        picture = Happens(config.Grayscale) ? Colors.Gray(picture) : picture;
        var values = preprocessor.Values(picture);
        if (config.RandomErasing is { } erasing)
        {
            RandomErasing.Apply(values, height, width, erasing, random);
        }

        return values;

        // Drawn whether it can happen or not, so that one setting does not move the draws of the others.
        bool Happens(double share) => random.NextDouble() < share;
    }
}
