namespace ResLora.Models.Memory;

/// <summary>
/// What one layer takes in training, in bytes for each token of a batch, padding included, or for
/// each sample (<see cref="MemoryAccount.IsPerSample"/>); what its linear layers keep of their inputs and
/// what adapters add comes on top.
/// </summary>
/// <param name="Input">The layer's input.</param>
/// <param name="Kept">What autograd keeps of the layer.</param>
/// <param name="KeptPerPair">The same for each pair of tokens of a sample: attention weights, where they are kept.</param>
/// <param name="Passing">What the backward pass of the layer takes at its peak besides what is kept.</param>
/// <param name="Inputs">The linear layers, by what they read.</param>
public sealed record LayerAccount(long Input, long Kept, long KeptPerPair, long Passing, IReadOnlyList<LinearInput> Inputs)
{
    /// <summary>
    /// What the names of the layer's modules begin with, dot included; null where the first number in a name says which layer it is of.
    /// Default null.
    /// </summary>
    public string? Prefix { get; init; }

    /// <summary>
    /// Whether it is the first of a network, so that what enters it needs no gradient, and layers before the first block keep nothing.
    /// Default false: every layer is counted, wherever blocks are.
    /// </summary>
    public bool IsFirst { get; init; }
}
