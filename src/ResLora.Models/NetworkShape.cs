namespace ResLora.Models;

/// <summary>The sizes of a new network with random weights, whatever goes into it.</summary>
public abstract record NetworkShape
{
    /// <summary>The layers.</summary>
    public required int Layers { get; init; }

    /// <summary>D, the width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>F, the width inside the MLP.</summary>
    public required int Intermediate { get; init; }

    /// <summary>H, the query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Dropout on hidden states and attention weights in training.</summary>
    public required double Dropout { get; init; }

    /// <summary>The standard deviation of the initial weights.</summary>
    public required double InitializerRange { get; init; }
}
