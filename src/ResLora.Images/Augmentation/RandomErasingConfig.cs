namespace ResLora.Images.Augmentation;

/// <summary>How the rectangle to be blotted out is chosen.</summary>
public sealed record RandomErasingConfig
{
    /// <summary>The share of pictures that have one, 0 to 1. Default 0.5.</summary>
    public double Probability { get; init; } = 0.5;

    /// <summary>The smallest rectangle, as a share of the picture's area. Default 0.02.</summary>
    public double MinScale { get; init; } = 0.02;

    /// <summary>The largest rectangle. Default 0.33.</summary>
    public double MaxScale { get; init; } = 0.33;

    /// <summary>The lowest rectangle, its height over its width. Default 0.3.</summary>
    public double MinRatio { get; init; } = 0.3;

    /// <summary>The highest rectangle. Default 3.3.</summary>
    public double MaxRatio { get; init; } = 3.3;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (Probability is not (>= 0 and <= 1))
        {
            yield return $"probability is {Probability}; it must be from 0 to 1";
        }

        foreach (var problem in AreaDraw.Problems(MinScale, MaxScale, MinRatio, MaxRatio))
        {
            yield return problem;
        }
    }
}
