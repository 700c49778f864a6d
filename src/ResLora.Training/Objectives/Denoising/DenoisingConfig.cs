namespace ResLora.Training.Objectives.Denoising;

/// <summary>How a text-to-image model learns to take noise out of pictures.</summary>
public sealed record DenoisingConfig
{
    /// <summary>
    /// γ of min-SNR weights: timesteps with little noise count less. Null counts all alike; 5 is usual. Hang et al., arXiv:2303.09556.
    /// </summary>
    public double? SnrGamma { get; init; }

    /// <summary>
    /// How much of one random number for a whole channel is added to its noise, so that very dark and very bright pictures can be learnt.
    /// Default 0.
    /// </summary>
    public double NoiseOffset { get; init; }

    /// <summary>
    /// The share of captions that are replaced by the empty one in training, which guidance needs. Default 0, as for an adapter on a model
    /// that was trained so; 0.1 is usual for a whole model.
    /// </summary>
    public double CaptionDropout { get; init; }

    /// <summary>The share of pictures whose left and right are exchanged in training, 0 to 1. Wrong for captions that say left or right,
    /// and for text. Default 0.</summary>
    public double HorizontalFlip { get; init; }

    /// <summary>
    /// Height and width of the pictures to learn, in pixels: the shorter side is resized to it and the middle is cut out. Default: the
    /// model's own size.
    /// </summary>
    public int? Resolution { get; init; }

    /// <summary>What the learning rate of the text encoder's blocks is multiplied by, where it has some. Default 1.</summary>
    public double TextEncoderRate { get; init; } = 1;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (SnrGamma is { } gamma && !(gamma > 0 && double.IsFinite(gamma)))
        {
            yield return $"snrGamma is {gamma}; it must be above 0, or null";
        }

        if (!(NoiseOffset is >= 0 and <= 1))
        {
            yield return $"noiseOffset is {NoiseOffset}; it must be from 0 to 1";
        }

        foreach (var (name, share) in new[] { ("captionDropout", CaptionDropout), ("horizontalFlip", HorizontalFlip) })
        {
            if (!(share is >= 0 and <= 1))
            {
                yield return $"{name} is {share}; it must be from 0 to 1";
            }
        }

        if (Resolution is < 8 or > 4096)
        {
            yield return $"resolution is {Resolution}; it must be from 8 to 4096 pixels";
        }

        if (!(TextEncoderRate > 0 && double.IsFinite(TextEncoderRate)))
        {
            yield return $"textEncoderRate is {TextEncoderRate}; it must be above 0";
        }
    }
}
