namespace ResLora.Models.Memory;

/// <summary>
/// What training takes for the passes of a network, known from its shapes. It says nothing of adapters: what these cost is reckoned from
/// <see cref="LayerAccount.Inputs"/>.
/// </summary>
public sealed record MemoryAccount
{
    /// <summary>The layers, in order; one at least.</summary>
    public required IReadOnlyList<LayerAccount> Layers { get; init; }

    /// <summary>
    /// Whether bytes are for each sample of a batch, and not for each token: in a network whose layers have unlike numbers of places.
    /// Default false.
    /// </summary>
    public bool IsPerSample { get; init; }

    /// <summary>What is kept behind the last layer, in bytes for each token, or each sample. Default 0.</summary>
    public long BehindLayers { get; init; }

    /// <summary>What the loss takes at its peak, in bytes, for so many predictions of a batch.</summary>
    public required Func<long, long> Loss { get; init; }
}
