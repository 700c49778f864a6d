using ResLora.Adapters.Layers;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Loha;

/// <summary>LoHa: an update that is the product, element by element, of two updates of low rank.</summary>
/// <remarks>Hyeon-Woo et al., arXiv:2108.06098; named so by LyCORIS (Yeh et al., arXiv:2309.14859).</remarks>
public sealed class LohaMethod : DenseMethod
{
    /// <inheritdoc />
    public override string Name => "loha";

    /// <inheritdoc />
    public override string Title => "LoHa";

    /// <inheritdoc />
    public override string? PeftType => "LOHA";

    /// <inheritdoc />
    public override IReadOnlyList<string> FactorNames { get; } = ["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"];

    /// <inheritdoc />
    public override IReadOnlySet<string> PeftKeys { get; } =
        new HashSet<string>(["alpha", "rank_dropout", "module_dropout", "init_weights", "use_effective_conv2d"], StringComparer.Ordinal);

    /// <inheritdoc />
    public override AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator) =>
        new LohaBlock(site, config, generator);

    /// <inheritdoc />
    public override AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(config);
        return config with
        {
            Method = Name,
            Rank = file.Rank,
            Alpha = file.Own("alpha", 8.0),
            Loha = file.Own("use_effective_conv2d", false) ? new LohaSettings { EffectiveConvolution = true } : null,
        };
    }

    /// <inheritdoc />
    public override void WritePeft(AdapterConfig config, IDictionary<string, object?> keys)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(keys);
        keys["alpha"] = config.Alpha;
        keys["init_weights"] = true;
        keys["module_dropout"] = 0.0;
        keys["rank_dropout"] = 0.0;
        keys["use_effective_conv2d"] = config.Loha?.EffectiveConvolution ?? false;
    }
}
