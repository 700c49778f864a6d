using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// A LoRA block whose update also reads earlier blocks of its chain. The formulas are in <see cref="ResLoraMath"/>; what
/// comes from earlier layers is in the <see cref="ShortcutPass"/>, never in a module.
/// </summary>
public sealed class ResLoraLinear : LoraLinear
{
    /// <summary>Wraps a layer.</summary>
    /// <param name="moduleName">The layer's dotted name in its model.</param>
    /// <param name="baseLayer">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, scaling, dropout and shortcut.</param>
    /// <param name="generator">The source of the initial A.</param>
    public ResLoraLinear(string moduleName, Linear baseLayer, AdapterConfig config, Generator generator)
        : base(moduleName, baseLayer, config, generator)
    {
    }

    /// <summary>
    /// The earlier blocks that this one reads, nearest first (n−1, n−2, …, at most m); empty at the head of a chain. Set once
    /// by the injector; not registered, so that the earlier blocks' parameters stay theirs alone.
    /// </summary>
    public IReadOnlyList<ResLoraLinear> Previous { get; internal set; } = [];

    /// <summary>Whether a later block reads what this one hands on; the last of a chain hands on nothing.</summary>
    internal bool IsRead { get; set; }

    /// <summary>γ, the weight of the shortcut; set for all blocks of a model at once (<see cref="AdaptedModel.ShortcutWeight"/>).</summary>
    internal double ShortcutWeight { get; set; } = 1;

    private protected override Tensor Delta(Tensor input)
    {
        if (ShortcutWeight == 0)
        {
            return base.Delta(input);
        }

        using var scope = NewDisposeScope();
        var delta = Config.Shortcut.Kind switch
        {
            ShortcutKind.Block => BlockDelta(input),
            ShortcutKind.Middle => MiddleDelta(input, ShortcutPass.Require(this)),
            _ => InputDelta(input, ShortcutPass.Require(this)),
        };
        return delta.MoveToOuterDisposeScope();
    }

    private Tensor BlockDelta(Tensor input)
    {
        // Reads earlier blocks' weights, no activations: it works without a pass, too.
        ShortcutPass.Current?.Observer?.Observe(this, input, null);
        return ResLoraMath.BlockShortcut(input, [Pair, .. Previous.Select(p => p.Pair)], ActiveDropout, ShortcutWeight);
    }

    private Tensor MiddleDelta(Tensor input, ShortcutPass pass)
    {
        var low = LoraMath.Down(input, Pair, ActiveDropout);   // [..., Din] -> [..., R]
        var earlier = pass.Earlier(this, low);
        pass.Carry(this, low);
        pass.Record(this, input, low);
        pass.Observer?.Observe(this, input, ResLoraMath.MiddleSum(low, earlier, ShortcutWeight));
        return ResLoraMath.MiddleShortcut(low, earlier, Pair, ShortcutWeight);
    }

    private Tensor InputDelta(Tensor input, ShortcutPass pass)
    {
        var previous = pass.Earlier(this, input);
        pass.Carry(this, input);
        pass.Record(this, input, null);
        var added = previous.Count > 0 ? previous[0] : Config.Shortcut.FirstBlock == FirstBlock.Doubled ? input : null;
        pass.Observer?.Observe(this, input, LoraMath.Down(added is null ? input : input.add(added, ShortcutWeight), Pair));
        return added is null
            ? LoraMath.Delta(input, Pair, ActiveDropout)
            : ResLoraMath.InputShortcut(input, added, Pair, ActiveDropout, ShortcutWeight);
    }
}
