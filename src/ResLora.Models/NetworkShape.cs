namespace ResLora.Models;

/// <summary>The sizes of a new network with random weights. A family takes those that it has.</summary>
public sealed record NetworkShape
{
    /// <summary>The layers.</summary>
    public required int Layers { get; init; }

    /// <summary>D, the width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>F, the width inside the MLP.</summary>
    public required int Intermediate { get; init; }

    /// <summary>H, the query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>K, the key and value heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>V, the rows of the embedding.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>The longest text in tokens.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Whether the output head is the embedding itself.</summary>
    public required bool TieEmbeddings { get; init; }

    /// <summary>Dropout on hidden states and attention weights in training.</summary>
    public required double Dropout { get; init; }

    /// <summary>The base of the rotary frequencies.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>The standard deviation of the initial weights.</summary>
    public required double InitializerRange { get; init; }

    /// <summary>The token that begins a text; null for none.</summary>
    public required int? BeginId { get; init; }

    /// <summary>The token that ends a text; null for none.</summary>
    public required int? EndId { get; init; }

    /// <summary>The token that fills up short rows; null for none.</summary>
    public required int? PadId { get; init; }
}
