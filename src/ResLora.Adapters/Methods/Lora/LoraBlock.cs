using ResLora.Adapters.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Lora;

/// <summary>LoRA: h = W x + b + s · B A x.</summary>
public class LoraBlock : LowRankBlock
{
    /// <summary>Wraps a layer.</summary>
    /// <param name="site">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, scaling, dropout and shortcut.</param>
    /// <param name="generator">The source of the initial A.</param>
    public LoraBlock(LayerSite site, AdapterConfig config, Generator generator) : base(site, config)
    {
        using var scope = NewDisposeScope();
        // PEFT begins with the same values on an embedding, whatever is asked for.
        var isGaussian = config.Lora?.Initialization == LoraInitialization.Gaussian && site is not EmbeddingSite;
        var (a, b) = isGaussian ? Gaussian(site, config.Rank, generator) : site.Initial(config.Rank, generator);
        A = AddFactor(site.NameOfA, a);
        B = AddFactor(site.NameOfB, b);
    }

    /// <summary>A, the down-projection [R, Din], float32.</summary>
    public Parameter A { get; }

    /// <summary>B, the up-projection [Dout, R], float32.</summary>
    public Parameter B { get; }

    /// <inheritdoc />
    public override LoraPair Pair => new(A, B, Scaling) { Site = Site };

    private static (Tensor A, Tensor B) Gaussian(LayerSite site, int rank, Generator generator) =>
        (randn(site.ShapeOfA(rank), dtype: float32, generator: generator) / rank, zeros(site.ShapeOfB(rank), dtype: float32));
}
