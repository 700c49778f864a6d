namespace ResLora.Images.Augmentation;

/// <summary>
/// By how much colours are changed: b stands for a factor from max(0, 1 − b) to 1 + b. The four steps run in a random order.
/// </summary>
public sealed record ColorJitterConfig
{
    private const double MostHue = 0.5;
    private const double MostFactor = 10;

    /// <summary>Of the brightness, 0 to 10. Default 0.</summary>
    public double Brightness { get; init; }

    /// <summary>Of the contrast, 0 to 10. Default 0.</summary>
    public double Contrast { get; init; }

    /// <summary>Of the saturation, 0 to 10. Default 0.</summary>
    public double Saturation { get; init; }

    /// <summary>How far hues are turned at most, as a share of their circle, 0 to 0.5. Default 0.</summary>
    public double Hue { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var (name, value) in new[] { ("brightness", Brightness), ("contrast", Contrast), ("saturation", Saturation) })
        {
            if (value is not (>= 0 and <= MostFactor))
            {
                yield return $"{name} is {value}; it must be from 0 to {MostFactor}";
            }
        }

        if (Hue is not (>= 0 and <= MostHue))
        {
            yield return $"hue is {Hue}; it must be from 0 to {MostHue}";
        }
    }
}
