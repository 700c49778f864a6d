using ResLora.Adapters;
using ResLora.Models;
using ResLora.Models.Memory;
using ResLora.Training.Distributed.Pipeline;
using ResLora.Training.Loop;
using static TorchSharp.torch;

namespace ResLora.Training.Memory;

/// <summary>What one process of a pipeline holds, from which its memory is reckoned.</summary>
/// <param name="Stage">Its place among them, from 0.</param>
/// <param name="Stages">How many there are.</param>
/// <param name="Share">Its layers.</param>
/// <param name="Weights">Where their weights are, with those of the embedding or the head where it has these.</param>
public sealed record StageLoad(int Stage, int Stages, LayerShare Share, BaseMemory Weights)
{
    /// <summary>Shares a model out.</summary>
    /// <param name="folder">The model's folder, of which headers are read.</param>
    /// <param name="model">The model, which may be on the meta device and carry an adapter.</param>
    /// <param name="dtype">The dtype to compute in; null takes that of most numbers in the files.</param>
    /// <param name="stages">How many processes.</param>
    /// <returns>One for each process, in their order.</returns>
    /// <exception cref="ResLora.Formats.Errors.ConfigException">The model cannot be shared out, or not among so many.</exception>
    /// <exception cref="ResLora.Formats.Errors.FileFormatException">A file is missing or broken.</exception>
    public static IReadOnlyList<StageLoad> Of(string folder, CausalLanguageModel model, ScalarType? dtype, int stages)
    {
        var layered = StageShares.Layered(model);
        return [.. StageShares.Of(model, stages).Select((share, stage) =>
            new StageLoad(stage, stages, share, BaseMemory.Of(folder, model, dtype, name => layered.Needs(share, name))))];
    }

    /// <summary>How many forward passes it keeps at a time (<see cref="MicroBatchSchedule"/>).</summary>
    /// <param name="config">How many passes a step has.</param>
    public int PassesKept(TrainConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return MicroBatchSchedule.MostKept(Stage, Stages, config.AccumulationSteps);
    }

    /// <summary>What the largest forward pass sends to the process behind, in bytes; null where the network has no account.</summary>
    internal long? SentBytes(Network model, AdaptedModel? adapter, TrainConfig config, IReadOnlyCollection<BatchShape> batches) =>
        MemoryEstimate.AccountOf(model, adapter, config, Weights.Width, batches) is { } account
            ? Leaving(model, adapter, account) * batches.Select(batch => batch.Tokens).DefaultIfEmpty().Max()
            : null;

    /// <summary>What a pass sends to the process behind, in bytes for each token: the hidden state and what shortcuts carry.</summary>
    internal long Leaving(Network model, AdaptedModel? adapter, MemoryAccount account) =>
        Share.IsLast ? 0 : Crossing(model, adapter, account, Share.End);

    /// <summary>The same of the process before.</summary>
    internal long Arriving(Network model, AdaptedModel? adapter, MemoryAccount account) =>
        Share.IsFirst ? 0 : Crossing(model, adapter, account, Share.First);

    /// <summary>The blocks whose factors it uses, those included that a block shortcut reads from other layers.</summary>
    internal IReadOnlyCollection<AdapterBlock> BlocksUsed(Network model, AdaptedModel adapter)
    {
        AdapterBlock[] own = [.. adapter.Blocks.Where(block => ((ILayeredModel)model).Needs(Share, block.ModuleName))];
        return adapter.Config.Shortcut.Traits.AddsUpdates ? [.. own.Union(own.SelectMany(block => block.Previous))] : own;
    }

    private long Crossing(Network model, AdaptedModel? adapter, MemoryAccount account, int layer)
    {
        var before = new LayerShare(0, layer, Share.Of);
        IReadOnlyList<AdapterBlock> carrying = adapter is null
            ? [] : new ShortcutCut(adapter, name => ((ILayeredModel)model).Needs(before, name)).Carrying;
        var carried = account.Layers.Zip(LayerBlocks.Of(carrying, account.Layers, Weights.Width, trainsBase: adapter is null))
            .Sum(pair => pair.First.Inputs.Sum(pair.Second.OverCut));
        return account.Layers[layer].Input + carried;
    }
}
