namespace ResLora.Images.Augmentation;

/// <summary>How a picture is moved at random.</summary>
public sealed record RandomCropConfig
{
    private const int MostPixels = 1000;

    /// <summary>The width of the border on every side, in pixels of the model's size, 1 to 1,000. Default 4.</summary>
    public int Padding { get; init; } = 4;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (Padding is < 1 or > MostPixels)
        {
            yield return $"padding is {Padding}; it must be from 1 to {MostPixels} pixels";
        }
    }
}
