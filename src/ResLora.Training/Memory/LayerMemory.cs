using ResLora.Adapters;
using ResLora.Models.Memory;

namespace ResLora.Training.Memory;

/// <summary>What one layer takes in training, in bytes for each token of a batch, padding included, or for each sample.</summary>
/// <param name="Input">What a checkpointed layer keeps: its input, and what shortcuts carry into it.</param>
/// <param name="Kept">What autograd keeps of a layer that is not checkpointed, or is being computed again.</param>
/// <param name="KeptPerPair">The same for each pair of tokens of a sample: attention weights, where they are kept.</param>
/// <param name="Passing">What the backward pass of the layer takes at its peak besides what is kept.</param>
public readonly record struct LayerMemory(long Input, long Kept, long KeptPerPair, long Passing)
{
    /// <summary>
    /// Whether it is computed again where layers are checkpointed. One whose input needs no gradient is not: it keeps all in
    /// <see cref="Input"/>.
    /// </summary>
    public bool IsRunAgain { get; private init; }

    /// <summary>What a batch keeps of the layer, in bytes.</summary>
    public long KeptOf(BatchShape batch) => (Kept * batch.Tokens) + (KeptPerPair * batch.Pairs);

    /// <summary>What a batch keeps of the layer while it is computed again, in bytes.</summary>
    public long KeptAgain(BatchShape batch) => IsRunAgain ? KeptOf(batch) : 0;

    /// <summary>The layers of a network with what an adapter adds to them.</summary>
    /// <param name="account">The network's account.</param>
    /// <param name="adapter">The adapter on it; null when the network itself is trained.</param>
    /// <param name="width">Bytes of one number of weights and activations.</param>
    internal static IReadOnlyList<LayerMemory> Of(MemoryAccount account, AdaptedModel? adapter, int width)
    {
        var layers = new List<LayerMemory>();
        // Whether a gradient is needed of anything in the layer, and of what enters it.
        var (isNeeded, isReached) = (true, true);
        foreach (var (layer, blocks) in account.Layers.Zip(LayerBlocks.Of(adapter, account.Layers, width)))
        {
            if (layer.IsFirst)
            {
                (isNeeded, isReached) = (blocks.TrainsBase || layers.Any(earlier => earlier.Kept > 0), blocks.TrainsBase);
            }

            var before = isNeeded ? 0 : blocks.Before(layer.Inputs);
            isNeeded = before is not null;
            layers.Add(before is { } notKept ? With(layer, blocks, notKept, isReached) : default);
            isReached = isNeeded;
        }

        return layers;
    }

    private static LayerMemory With(LayerAccount layer, LayerBlocks blocks, long before, bool isReached)
    {
        var kept = layer.Kept - before + layer.Inputs.Sum(blocks.Kept);
        var input = isReached ? layer.Input + layer.Inputs.Sum(blocks.Carried) : kept;
        return new(input, kept, layer.KeptPerPair, layer.Passing) { IsRunAgain = isReached };
    }
}
