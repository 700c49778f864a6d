using ResLora.Adapters.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Vera;

/// <summary>VeRA: h = W x + c + b ⊙ B (d ⊙ A x) with a trained number for each output and each of R; b is 0 at first.</summary>
/// <remarks>The formulas are in <see cref="VeraMath"/>. A and B are the whole adapter's; <see cref="VeraMethod"/> gives them to the
/// block.</remarks>
public sealed class VeraBlock : LowRankBlock
{
    internal const string OutputsName = "vera_lambda_b";
    internal const string RanksName = "vera_lambda_d";

    private (Tensor A, Tensor B)? _shared;

    /// <summary>Wraps a layer.</summary>
    /// <param name="site">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, dropout and shortcut.</param>
    public VeraBlock(LayerSite site, AdapterConfig config) : base(site, config)
    {
        ArgumentNullException.ThrowIfNull(config);
        using var scope = NewDisposeScope();
        Outputs = AddFactor(OutputsName, zeros(OutFeatures));
        Ranks = AddFactor(RanksName, full(config.Rank, (config.Vera ?? new VeraSettings()).Initial));
    }

    /// <summary>b [Dout], float32.</summary>
    public Parameter Outputs { get; }

    /// <summary>d [R], float32.</summary>
    public Parameter Ranks { get; }

    /// <inheritdoc />
    public override LoraPair Pair
    {
        get
        {
            var (a, b) = _shared ?? throw new InvalidOperationException($"'{ModuleName}' was given no projections.");
            return new LoraPair(VeraMath.Down(a, Ranks, InFeatures), VeraMath.Up(b, Outputs), Scaling);
        }
    }

    /// <inheritdoc />
    public override BlockCost Cost => base.Cost with { Fixed = Updates * Config.Rank * (InFeatures + OutFeatures) };

    /// <summary>Gives the block A and B, which all blocks share and each of them frees.</summary>
    internal void Share(Tensor a, Tensor b) => _shared = (a, b);

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing && _shared is { } shared)
        {
            shared.A.Dispose();
            shared.B.Dispose();
        }

        base.Dispose(disposing);
    }
}
