using ResLora.Adapters;
using ResLora.Models.Memory;

namespace ResLora.Training.Memory;

/// <summary>What one layer takes in training, in bytes for each token of a batch, padding included.</summary>
/// <param name="Input">What a checkpointed layer keeps: its input, and what shortcuts carry into it.</param>
/// <param name="Kept">What autograd keeps of a layer that is not checkpointed, or is being computed again.</param>
/// <param name="KeptPerPair">The same for each pair of tokens of a sample: attention weights, where they are kept.</param>
/// <param name="Passing">What the backward pass of the layer takes at its peak besides what is kept.</param>
public readonly record struct LayerMemory(long Input, long Kept, long KeptPerPair, long Passing)
{
    /// <summary>What a batch keeps of the layer, in bytes.</summary>
    public long KeptOf(BatchShape batch) => (Kept * batch.Tokens) + (KeptPerPair * batch.Pairs);

    /// <summary>The layers of a network with what an adapter adds to them.</summary>
    /// <param name="account">The network's account.</param>
    /// <param name="adapter">The adapter on it; null when the network itself is trained.</param>
    /// <param name="width">Bytes of one number of weights and activations.</param>
    internal static IReadOnlyList<LayerMemory> Of(MemoryAccount account, AdaptedModel? adapter, int width) =>
        [.. account.Layers.Zip(LayerBlocks.Of(adapter, account.Layers.Count, width), With)];

    private static LayerMemory With(LayerAccount layer, LayerBlocks blocks) => new(
        layer.Input + layer.Inputs.Sum(input => blocks.Carried(input.Features, input.Names)),
        layer.Kept + layer.Inputs.Sum(input => blocks.Kept(input.Features, input.IsKeptAnyway, input.Names)),
        layer.KeptPerPair,
        layer.Passing);
}
