using ResLora.Adapters.Layers;
using ResLora.Adapters.Methods.Lora;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.DyLora;

/// <summary>A LoRA block of which every smaller rank is trained, too (DyLoRA). The formulas are in <see cref="DyLoraMath"/>.</summary>
/// <param name="site">The layer; frozen from now on, its weight is never written.</param>
/// <param name="config">Rank, scaling, dropout and shortcut.</param>
/// <param name="generator">The source of the initial A.</param>
public sealed class DyLoraBlock(LayerSite site, AdapterConfig config, Generator generator) : LoraBlock(site, config, generator)
{
    /// <summary>b, the rank in use outside of training steps; the whole rank at first. All blocks of a model must have the same.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to less than 1 or more than the whole rank.</exception>
    public int UsedRank
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Config.Rank);
            field = value;
        }
    } = config.Rank;

    /// <summary>b of the present training step; null outside of training.</summary>
    internal int? StepRank { get; set; }

    /// <inheritdoc />
    public override LoraPair Pair => DyLoraMath.Cut(base.Pair, PresentRank, Config.Alpha, training && Config.DyLora is { Frozen: true });

    // The sizes of activations are those of one rank: the whole one in training, which is the one that is merged unless it is cut.
    internal override bool GathersStatistics => StepRank is null || StepRank == Config.Rank;

    /// <inheritdoc />
    public override long LowWidth => UsedRank;

    private int PresentRank => training && StepRank is { } b ? b : UsedRank;
}
