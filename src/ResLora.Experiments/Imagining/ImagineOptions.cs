using ResLora.Training.Distributed;
using ResLora.Training.Generation;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Imagining;

/// <summary>Which pictures are made, by what, and where to.</summary>
public sealed record ImagineOptions
{
    private const int MostPictures = 10_000;

    private static readonly string[] _otherFormats = [".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"];

    /// <summary>The pipeline's folder.</summary>
    public required string Model { get; init; }

    /// <summary>An adapter folder; null for the pipeline alone.</summary>
    public string? Adapter { get; init; }

    /// <summary>What is to be seen, and how it is made; each further picture has the next seed.</summary>
    public ImageSettings Settings { get; init; } = new();

    /// <summary>How many pictures. Default 1.</summary>
    public int Count { get; init; } = 1;

    /// <summary>A PNG file for one picture, or a folder for one or more.</summary>
    public required string Output { get; init; }

    /// <summary>The type to compute in: float32 or bfloat16; auto is float32. Default float32.</summary>
    public string DataType { get; init; } = "float32";

    /// <summary>The processes that share the pictures, each of which runs the job; number 0 writes. Default: this one alone.</summary>
    public ICommunicator Ranks { get; init; } = SingleProcess.Instance;

    /// <summary>What pictures depend on, beside files.</summary>
    internal object Terms() => new { Settings, Count, DataType };

    /// <summary>What is read, by what it is.</summary>
    internal IEnumerable<(string Name, string? Path)> Files() => [("model", Model), ("adapter", Adapter)];

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var problem in Settings.Problems())
        {
            yield return problem;
        }

        foreach (var problem in ComputeTypeName.Problems("dtype", DataType))
        {
            yield return problem;
        }

        if (Count is < 1 or > MostPictures)
        {
            yield return $"count is {Count}; it must be from 1 to {MostPictures}";
        }

        if (Count > 1 && Path.GetExtension(Output).Equals(".png", StringComparison.OrdinalIgnoreCase))
        {
            yield return $"output is one file ('{Output}') for {Count} pictures; name a folder";
        }

        if (_otherFormats.Contains(Path.GetExtension(Output).ToLowerInvariant()))
        {
            yield return $"output is '{Output}', and pictures are written as PNG; name a file that ends in .png, or a folder";
        }
    }
}
