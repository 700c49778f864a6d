namespace ResLora.Experiments.Judging;

/// <summary>Which pictures are judged, by what.</summary>
public sealed record JudgeOptions
{
    private const int MostPictures = 65_536;

    /// <summary>The folder of a model that labels pictures.</summary>
    public required string Model { get; init; }

    /// <summary>An adapter folder; null for the model alone.</summary>
    public string? Adapter { get; init; }

    /// <summary>The pictures: a folder or a table.</summary>
    public required string Data { get; init; }

    /// <summary>Real pictures that the distance is measured to; null for no distance.</summary>
    public string? Against { get; init; }

    /// <summary>Pictures in one forward pass. Default 32.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>The seed of the draws that say how large the distance of real pictures from each other is. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (BatchSize is < 1 or > MostPictures)
        {
            yield return $"batch-size is {BatchSize}; it must be from 1 to {MostPictures}";
        }
    }
}
