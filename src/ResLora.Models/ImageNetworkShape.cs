namespace ResLora.Models;

/// <summary>The sizes of a new network that sees pictures.</summary>
public sealed record ImageNetworkShape : NetworkShape
{
    /// <summary>Y and X, the size that every picture has.</summary>
    public required PixelSize ImageSize { get; init; }

    /// <summary>The size of the parts that a picture is cut into, a token each.</summary>
    public required PixelSize PatchSize { get; init; }

    /// <summary>C, the numbers of a pixel: 3 for red, green and blue.</summary>
    public required int Channels { get; init; }

    /// <summary>What the network predicts of a picture.</summary>
    public required ModelHead Head { get; init; }
}
