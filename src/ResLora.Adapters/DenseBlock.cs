using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// A block whose update is a matrix ΔW of any rank, with the input and the block shortcut: Δh_n = ΔW_n (x_n + γ x_{n−1}), or
/// (ΔW_n + γ Σ_{k=1..m} ΔW_{n−k}) x_n. It is LoRA's with A the identity and s · B the matrix ΔW.
/// </summary>
/// <param name="site">The layer.</param>
/// <param name="config">Rank, alpha and shortcut.</param>
public abstract class DenseBlock(LayerSite site, AdapterConfig config) : AdapterBlock(site, config)
{
    /// <inheritdoc />
    public override long LowWidth => InFeatures;

    /// <inheritdoc />
    public override BlockCost Cost => new(AddsInputs ? InFeatures : 0, !AddsInputs, AddsInputs, 0, FixedNumbers);

    /// <summary>Numbers that autograd keeps to make ΔW, however many tokens there are.</summary>
    protected abstract long FixedNumbers { get; }

    /// <summary>ΔW x of the block alone.</summary>
    /// <param name="input">The layer's input, borrowed.</param>
    /// <returns>The product, in the caller's dispose scope.</returns>
    protected virtual Tensor Product(Tensor input) => Product(input, DeltaWeight());

    /// <inheritdoc />
    protected override Tensor Delta(Tensor input)
    {
        using var scope = NewDisposeScope();
        var delta = ShortcutWeight == 0 ? Product(input) : Config.Shortcut.Kind switch
        {
            ShortcutKind.None => Product(input),
            ShortcutKind.Input => InputDelta(input, ShortcutPass.Require(this)),
            ShortcutKind.Block => BlockDelta(input),
            var other => throw new InvalidOperationException($"A dense update has no shortcut {other}."),
        };
        return delta.MoveToOuterDisposeScope();
    }

    /// <summary>Σ of the block's own product and, weighted, of those of the blocks that it reads.</summary>
    /// <param name="input">x_n, borrowed.</param>
    /// <returns>The sum, in the caller's dispose scope.</returns>
    private protected virtual Tensor Summed(Tensor input) => Product(input, SummedWeight());

    /// <summary>The blocks that this one reads.</summary>
    private protected IEnumerable<DenseBlock> Earlier => Previous.Cast<DenseBlock>();

    internal override Tensor ObservedDelta(Tensor input, Tensor? low) => low is null ? Summed(input) : Product(low);

    internal override Tensor OwnLow(Tensor rows) => rows.alias();

    internal override MergedUpdate MergeExactly()
    {
        using var scope = NewDisposeScope();
        return new DenseUpdate(Site, SumsUpdates ? SummedWeight() : DeltaWeight()).Keep();
    }

    internal override MergedUpdate MergeScaled(double alpha)
    {
        using var scope = NewDisposeScope();
        return new DenseUpdate(Site, DeltaWeight() * (1 + alpha)).Keep();
    }

    internal override MergedUpdate MergeLeastSquares((Tensor Cross, Tensor Moment, double Ridge)? fit)
    {
        using var scope = NewDisposeScope();
        var delta = DeltaWeight();
        if (fit is not { } sums)
        {
            return new DenseUpdate(Site, delta * OwnWeight).Keep();
        }

        var identity = new LoraPair(eye(InFeatures, device: delta.device) * OwnWeight, delta, 1);
        return new DenseUpdate(
            Site, LoraMath.DeltaWeight(ResLoraMath.MergeLeastSquares(identity, sums.Cross, sums.Moment, sums.Ridge))).Keep();
    }

    private Tensor Product(Tensor input, Tensor delta) => Site.Product(input, Site.OfMatrix(delta).to(input.dtype));

    private Tensor SummedWeight()
    {
        var sum = DeltaWeight();
        foreach (var earlier in Earlier)
        {
            sum = sum.add(earlier.DeltaWeight(), ShortcutWeight);   // [Dout, Din]
        }

        return sum;
    }

    private Tensor BlockDelta(Tensor input)
    {
        // Reads earlier blocks' weights, no activations: it works without a pass, too.
        ShortcutPass.Current?.Observer?.Observe(this, input, null);
        return Summed(input);
    }

    private Tensor InputDelta(Tensor input, ShortcutPass pass)
    {
        var added = pass.AddedInput(this, input);
        var sum = added is null ? input.alias() : input.add(added, ShortcutWeight);   // [..., Din]
        pass.Observer?.Observe(this, input, sum);
        return Product(sum);
    }
}
