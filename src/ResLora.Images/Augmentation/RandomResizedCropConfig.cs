namespace ResLora.Images.Augmentation;

/// <summary>How a random part of a picture is chosen.</summary>
public sealed record RandomResizedCropConfig
{
    /// <summary>The smallest part, as a share of the picture's area, above 0 and up to 1. Default 0.08.</summary>
    public double MinScale { get; init; } = 0.08;

    /// <summary>The largest part, up to 1. Default 1.</summary>
    public double MaxScale { get; init; } = 1;

    /// <summary>The narrowest part, its width over its height. Default 0.75.</summary>
    public double MinRatio { get; init; } = 0.75;

    /// <summary>The widest part. Default 4/3.</summary>
    public double MaxRatio { get; init; } = 4.0 / 3;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems() => AreaDraw.Problems(MinScale, MaxScale, MinRatio, MaxRatio);
}
