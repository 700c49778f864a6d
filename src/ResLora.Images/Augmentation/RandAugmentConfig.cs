namespace ResLora.Images.Augmentation;

/// <summary>How many steps RandAugment takes, and how strong they are.</summary>
/// <remarks>Cubuk et al., arXiv:1909.13719; the steps and their ranges are torchvision's.</remarks>
public sealed record RandAugmentConfig
{
    private const int MostSteps = 16;

    /// <summary>The steps of each picture, drawn with repetition. Default 2.</summary>
    public int Steps { get; init; } = 2;

    /// <summary>How strong each is, 0 to 30. Default 9.</summary>
    public int Magnitude { get; init; } = 9;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (Steps is < 1 or > MostSteps)
        {
            yield return $"steps is {Steps}; it must be from 1 to {MostSteps}";
        }

        if (Magnitude is < 0 or > Augmentation.RandAugment.StrongestMagnitude)
        {
            yield return $"magnitude is {Magnitude}; it must be from 0 to {Augmentation.RandAugment.StrongestMagnitude}";
        }
    }
}
