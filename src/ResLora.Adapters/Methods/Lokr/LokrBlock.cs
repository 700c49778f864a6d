using ResLora.Adapters.Layers;
using ResLora.Adapters.Methods.Loha;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Lokr;

/// <summary>
/// LoKr: h = W x + b + s · (U ⊗ V) x. U and V are whole or products of rank R, as their sides and the rank decide. The formulas are in
/// <see cref="LokrMath"/>.
/// </summary>
public sealed class LokrBlock : DenseBlock
{
    private readonly Parameter[] _u;
    private readonly Parameter[] _v;
    private readonly Parameter? _core;

    /// <summary>Wraps a layer.</summary>
    /// <param name="site">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, alpha and shortcut.</param>
    /// <param name="generator">The source of the first values; U is 0 at first.</param>
    public LokrBlock(LayerSite site, AdapterConfig config, Generator generator) : base(site, config)
    {
        using var scope = NewDisposeScope();
        var (settings, rank, shape) = (config.Lokr ?? new LokrSettings(), config.Rank, site.Weight.shape);
        var (a, b) = LokrMath.Factors(shape[0], settings.DecomposeFactor);
        var (c, d) = LokrMath.Factors(shape[1], settings.DecomposeFactor);
        var kernel = shape[2..];
        _u = !settings.DecomposeBoth || rank >= Math.Max(a, c) / 2.0
            ? [AddFactor("lokr_w1", zeros(a, c))]
            : [AddFactor("lokr_w1_a", zeros(a, rank)), AddFactor("lokr_w1_b", FirstValues.Uniform([rank, c], generator))];
        if (rank >= Math.Max(b, d) / 2.0)
        {
            _v = [AddFactor("lokr_w2", FirstValues.Uniform([b, d, .. kernel], generator))];
            return;
        }

        var hasCore = settings.EffectiveConvolution && kernel.Any(side => side > 1);
        var inputs = hasCore ? d : kernel.Aggregate(d, (product, side) => product * side);
        _v = [AddFactor(
            "lokr_w2_a",
            FirstValues.Uniform(hasCore ? [rank, b] : [b, rank], generator)), AddFactor(
                "lokr_w2_b", FirstValues.Uniform([rank, inputs], generator))];
        _core = hasCore ? AddFactor("lokr_t2", FirstValues.Uniform(LohaMath.ShapeOfCore(rank, kernel), generator)) : null;
    }

    /// <inheritdoc />
    public override BlockCost Cost
    {
        get
        {
            // What U X Vᵀ keeps of a token: X Vᵀ as it is and as it lies for the product with U, and of two factors the step between them.
            var (c, b) = (_u[^1].shape[1], _v[0].shape[0]);
            var kept = Site is LinearSite ? (2 * c * b) + (_v.Length == 2 ? c * Config.Rank : 0) : 0;
            return base.Cost with { PerToken = base.Cost.PerToken + (Updates * kept) };
        }
    }

    /// <inheritdoc />
    protected override long FixedNumbers => Site is LinearSite ? 0 : OutFeatures * InFeatures;

    /// <inheritdoc />
    public override Tensor DeltaWeight()
    {
        using var scope = NewDisposeScope();
        return LokrMath.DeltaWeight(U(), V(), Scaling).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    protected override Tensor Product(Tensor input) => Site is LinearSite ? LokrMath.Apply(input, U(), _v, Scaling) : base.Product(input);

    private protected override Tensor Summed(Tensor input)
    {
        if (Site is not LinearSite)
        {
            return base.Summed(input);
        }

        var sum = Product(input);
        foreach (var earlier in Earlier.Cast<LokrBlock>())
        {
            sum = sum.add(earlier.Product(input), ShortcutWeight);
        }

        return sum;
    }

    private Tensor U() => _u.Length == 1 ? _u[0].alias() : _u[0].matmul(_u[1]);   // [a, c]

    private Tensor V() => _core is not null
        ? LohaMath.WithCore(_core, _v[0], _v[1])                                  // [b, d, kh, kw]
        : _v.Length == 1 ? _v[0].alias() : _v[0].matmul(_v[1]);                   // [b, d·kh·kw]
}
