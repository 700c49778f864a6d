namespace ResLora.Models.Memory;

/// <summary>
/// What one layer takes in training, in bytes for each token of a batch, padding included; what its linear layers keep of their inputs and
/// what adapters add comes on top.
/// </summary>
/// <param name="Input">The layer's input.</param>
/// <param name="Kept">What autograd keeps of the layer.</param>
/// <param name="KeptPerPair">The same for each pair of tokens of a sample: attention weights, where they are kept.</param>
/// <param name="Passing">What the backward pass of the layer takes at its peak besides what is kept.</param>
/// <param name="Inputs">The linear layers, by what they read.</param>
public sealed record LayerAccount(long Input, long Kept, long KeptPerPair, long Passing, IReadOnlyList<LinearInput> Inputs);
