namespace ResLora.Models;

/// <summary>The sizes of a new network that reads texts. A family takes those that it has.</summary>
public sealed record TextNetworkShape : NetworkShape
{
    /// <summary>K, the key and value heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>V, the rows of the embedding.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>The longest text in tokens.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Whether the output head is the embedding itself.</summary>
    public required bool TieEmbeddings { get; init; }

    /// <summary>The base of the rotary frequencies.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>The token that begins a text; null for none.</summary>
    public required int? BeginId { get; init; }

    /// <summary>The token that ends a text; null for none.</summary>
    public required int? EndId { get; init; }

    /// <summary>The token that fills up short rows; null for none.</summary>
    public required int? PadId { get; init; }
}
