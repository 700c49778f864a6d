using ResLora.Adapters.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Lora;

/// <summary>
/// LoRA whose first factors come from the base's weight: h = W x + b + s · (B A - B₀ A₀) x with A₀ and B₀ the first values, kept. It is
/// plain LoRA of rank 2R, and is saved as that; the base's weight stays as it is.
/// </summary>
public sealed class SubtractedLoraBlock : LowRankBlock
{
    private readonly Tensor _firstA;
    private readonly Tensor _firstB;

    /// <summary>Wraps a layer.</summary>
    /// <param name="site">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, scaling, dropout and the initialisation.</param>
    public SubtractedLoraBlock(LayerSite site, AdapterConfig config) : base(site, config)
    {
        using var scope = NewDisposeScope();
        var (a, b) = First(site, config, Scaling);
        _firstA = a.to(site.FactorDevice).DetachFromDisposeScope();
        _firstB = b.to(site.FactorDevice).DetachFromDisposeScope();
        A = AddFactor(site.NameOfA, _firstA.clone());
        B = AddFactor(site.NameOfB, _firstB.clone());
    }

    /// <summary>A, the down-projection [R, Din], float32.</summary>
    public Parameter A { get; }

    /// <summary>B, the up-projection [Dout, R], float32.</summary>
    public Parameter B { get; }

    /// <inheritdoc />
    public override LoraPair Pair => new(cat([A, _firstA], dim: 0), cat([B, -_firstB], dim: 1), Scaling) { Site = Site };

    /// <inheritdoc />
    public override long LowWidth => 2 * Config.Rank;

    /// <inheritdoc />
    public override StoredBlock Stored()
    {
        var pair = Pair;
        return new StoredBlock(
            [KeyValuePair.Create(Site.NameOfA, pair.A), KeyValuePair.Create(Site.NameOfB, pair.B)],
            2 * Config.Rank,
            Config.RankStabilized ? Math.Sqrt(2) * Config.Alpha : 2 * Config.Alpha);
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _firstA.Dispose();
            _firstB.Dispose();
        }

        base.Dispose(disposing);
    }

    private static (Tensor A, Tensor B) First(LayerSite site, AdapterConfig config, double scaling)
    {
        var (weight, rank) = (site.Weight, config.Rank);
        if (weight.device.type == DeviceType.META)
        {
            return (zeros(site.ShapeOfA(rank)), zeros(site.ShapeOfB(rank)));   // for plans, which look at shapes alone
        }

        var (a, b) = config.Lora!.Initialization == LoraInitialization.Pissa
            ? FirstFactors.Pissa(site.Matrix(weight), rank, scaling)
            : FirstFactors.Olora(site.Matrix(weight), rank);
        return (a.reshape(site.ShapeOfA(rank)), b.reshape(site.ShapeOfB(rank)));
    }
}
