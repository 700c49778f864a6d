using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// A block whose update is s · B A with factors of a method's own, with every shortcut that it may have. The formulas are in
/// <see cref="LoraMath"/> and <see cref="ResLoraMath"/>.
/// </summary>
/// <param name="site">The layer.</param>
/// <param name="config">Rank, scaling, dropout and shortcut.</param>
public abstract class LowRankBlock(LayerSite site, AdapterConfig config) : AdapterBlock(site, config)
{
    /// <summary>A, B and s. New tensors are in the caller's dispose scope, factors are borrowed.</summary>
    public abstract LoraPair Pair { get; }

    /// <inheritdoc />
    public override BlockCost Cost
    {
        get
        {
            var inputs = Config.Dropout > 0 ? 2 * Updates : AddsInputs ? 1 : 0;   // dropout's factors and their products, or the sum
            return new BlockCost(
                (Updates * LowWidth) + (inputs * InFeatures),
                Config.Dropout == 0 && !AddsInputs,
                AddsInputs,
                Config.Shortcut.Traits.AddsLows ? LowWidth * Math.Max(1, Previous.Count) : 0);
        }
    }

    /// <inheritdoc />
    public override long LowWidth => Config.Rank;

    /// <inheritdoc />
    public override LoraPair? AsLowRank() => Pair;

    /// <inheritdoc />
    public override Tensor DeltaWeight()
    {
        using var scope = NewDisposeScope();
        return LoraMath.DeltaWeight(Pair).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    protected override Tensor Delta(Tensor input)
    {
        using var scope = NewDisposeScope();
        var delta = ShortcutWeight == 0 ? OwnDelta(input) : Config.Shortcut.Kind switch
        {
            ShortcutKind.None => OwnDelta(input),
            ShortcutKind.Input => InputDelta(input, ShortcutPass.Require(this)),
            ShortcutKind.Block => BlockDelta(input),
            ShortcutKind.Middle => MiddleDelta(input, ShortcutPass.Require(this)),
            var other => throw new InvalidOperationException($"There is no shortcut {other}."),
        };
        return delta.MoveToOuterDisposeScope();
    }

    internal override Tensor ObservedDelta(Tensor input, Tensor? low) => low is null
        ? ResLoraMath.BlockShortcut(input, Summed(), weight: ShortcutWeight)
        : LoraMath.Up(low, Pair);

    internal override Tensor OwnLow(Tensor rows) => rows.matmul(Pair.A.to(rows.dtype).t());   // [N, Din] · [Din, R] -> [N, R]

    internal override MergedUpdate MergeExactly()
    {
        using var scope = NewDisposeScope();
        // At weight 0 the earlier blocks would only be zeros.
        var pair = ResLoraMath.MergeBlocks(SumsUpdates ? Summed() : [Pair], ShortcutWeight);
        return Finish(pair, keepsSum: true).Keep();
    }

    internal override MergedUpdate MergeScaled(double alpha)
    {
        using var scope = NewDisposeScope();
        return Finish(ResLoraMath.MergeScaled(Pair, alpha), keepsSum: false).Keep();
    }

    internal override MergedUpdate MergeLeastSquares((Tensor Cross, Tensor Moment, double Ridge)? fit)
    {
        using var scope = NewDisposeScope();
        var pair = Pair;
        var own = pair with { A = pair.A * OwnWeight };
        var merged = fit is { } sums ? ResLoraMath.MergeLeastSquares(
            own, sums.Cross, sums.Moment, sums.Ridge) : own with { B = pair.B.clone() };
        return Finish(merged, keepsSum: false).Keep();
    }

    internal override MergedUpdate MergeMiddleDown(IReadOnlyList<double> alphas)
    {
        using var scope = NewDisposeScope();
        return Finish(ResLoraMath.MergeMiddleDown(Pair, [.. Earlier().Select(pair => pair.A)], alphas), keepsSum: false).Keep();
    }

    /// <summary>The update that merged factors are, for a method that has more than them.</summary>
    /// <param name="pair">A*_n and B*_n, in the caller's dispose scope.</param>
    /// <param name="keepsSum">Whether s · B* A* is what the block added before it was merged, and no stand-in.</param>
    /// <returns>The update; its tensors may be in the caller's dispose scope.</returns>
    private protected virtual MergedUpdate Finish(LoraPair pair, bool keepsSum) => new LowRankUpdate(Site, pair);

    /// <summary>The block's own factors, then those of the blocks that it reads.</summary>
    private protected LoraPair[] Summed() => [Pair, .. Earlier()];

    private IEnumerable<LoraPair> Earlier() => Previous.Select(block => ((LowRankBlock)block).Pair);

    private Tensor OwnDelta(Tensor input) => LoraMath.Delta(input, Pair, ActiveDropout);

    private Tensor BlockDelta(Tensor input)
    {
        // Reads earlier blocks' weights, no activations: it works without a pass, too.
        ShortcutPass.Current?.Observer?.Observe(this, input, null);
        return ResLoraMath.BlockShortcut(input, Summed(), ActiveDropout, ShortcutWeight);
    }

    private Tensor MiddleDelta(Tensor input, ShortcutPass pass)
    {
        var pair = Pair;
        var low = LoraMath.Down(input, pair, ActiveDropout);   // [..., Din] -> [..., R]
        var earlier = pass.Earlier(this, low);
        pass.Carry(this, low);
        pass.Record(this, input, low);
        pass.Observer?.Observe(this, input, ResLoraMath.MiddleSum(low, earlier, ShortcutWeight));
        return ResLoraMath.MiddleShortcut(low, earlier, pair, ShortcutWeight);
    }

    private Tensor InputDelta(Tensor input, ShortcutPass pass)
    {
        var pair = Pair;
        var added = pass.AddedInput(this, input);
        pass.Observer?.Observe(this, input, LoraMath.Down(added is null ? input : input.add(added, ShortcutWeight), pair));
        return added is null
            ? LoraMath.Delta(input, pair, ActiveDropout)
            : ResLoraMath.InputShortcut(input, added, pair, ActiveDropout, ShortcutWeight);
    }
}
