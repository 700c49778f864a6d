using ResLora.Adapters.Layers;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Lokr;

/// <summary>LoKr: an update that is the Kronecker product of two small matrices.</summary>
/// <remarks>Edalati et al., arXiv:2212.10650; named so by LyCORIS (Yeh et al., arXiv:2309.14859).</remarks>
public sealed class LokrMethod : DenseMethod
{
    /// <inheritdoc />
    public override string Name => "lokr";

    /// <inheritdoc />
    public override string Title => "LoKr";

    /// <inheritdoc />
    public override string? PeftType => "LOKR";

    /// <inheritdoc />
    public override IReadOnlyList<string> FactorNames { get; } =
        ["lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"];

    /// <inheritdoc />
    public override IReadOnlySet<string> PeftKeys { get; } = new HashSet<string>(
        ["alpha", "rank_dropout", "module_dropout", "rank_dropout_scale", "init_weights", "use_effective_conv2d", "decompose_both", "decompose_factor"], StringComparer.Ordinal);

    /// <inheritdoc />
    public override IEnumerable<string> Problems(AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return base.Problems(config).Concat(config.Lokr?.Problems() ?? []);
    }

    /// <inheritdoc />
    public override AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator) =>
        new LokrBlock(site, config, generator);

    /// <inheritdoc />
    public override AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(config);
        var settings = new LokrSettings
        {
            DecomposeBoth = file.Own("decompose_both", false),
            DecomposeFactor = file.Own("decompose_factor", -1),
            EffectiveConvolution = file.Own("use_effective_conv2d", false),
        };
        return config with { Method = Name, Rank = file.Rank, Alpha = file.Own("alpha", 8.0), Lokr = settings == new LokrSettings() ? null : settings };
    }

    /// <inheritdoc />
    public override void WritePeft(AdapterConfig config, IDictionary<string, object?> keys)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(keys);
        var settings = config.Lokr ?? new LokrSettings();
        keys["alpha"] = config.Alpha;
        keys["decompose_both"] = settings.DecomposeBoth;
        keys["decompose_factor"] = settings.DecomposeFactor;
        keys["init_weights"] = true;
        keys["module_dropout"] = 0.0;
        keys["rank_dropout"] = 0.0;
        keys["rank_dropout_scale"] = false;
        keys["use_effective_conv2d"] = settings.EffectiveConvolution;
    }
}
