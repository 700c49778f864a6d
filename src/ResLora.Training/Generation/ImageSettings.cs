namespace ResLora.Training.Generation;

/// <summary>How a picture is made.</summary>
public sealed record ImageSettings
{
    private const int MostSteps = 1000;
    private const int MostPixels = 4096;

    /// <summary>What is to be seen.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>What is not to be seen. Default: nothing.</summary>
    public string Negative { get; init; } = "";

    /// <summary>The steps from noise to picture, 1 to 1000. Default 30.</summary>
    public int Steps { get; init; } = 30;

    /// <summary>
    /// How strongly the prompt is followed: g in u + g (c − u), with c what the UNet says with the prompt and u with the negative one. At 1
    /// the negative prompt has no effect and half of the time is saved. Default 7.5. Ho and Salimans, arXiv:2207.12598.
    /// </summary>
    public double Guidance { get; init; } = 7.5;

    /// <summary>The seed of the noise: equal seeds give equal pictures. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>The sampler: ddim, ddpm, euler, dpm++ or pndm; null takes the pipeline's own.</summary>
    public string? Sampler { get; init; }

    /// <summary>Height in pixels; null takes the size that the pipeline was made for.</summary>
    public int? Height { get; init; }

    /// <summary>Width in pixels; null takes the size that the pipeline was made for.</summary>
    public int? Width { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (Steps is < 1 or > MostSteps)
        {
            yield return $"steps is {Steps}; it must be from 1 to {MostSteps}";
        }

        if (!(Guidance >= 0 && double.IsFinite(Guidance)))
        {
            yield return $"guidance is {Guidance}; it must be 0 or more";
        }

        foreach (var (name, size) in new[] { ("height", Height), ("width", Width) })
        {
            if (size is < 8 or > MostPixels)
            {
                yield return $"{name} is {size}; it must be from 8 to {MostPixels} pixels";
            }
        }
    }
}
