using ResLora.Adapters.Layers;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Lora;

/// <summary>LoRA, and what is built on its two factors.</summary>
/// <remarks>Hu et al., arXiv:2106.09685. Rank-stabilised scaling: Kalajdzievski, arXiv:2312.03732.</remarks>
public class LoraMethod : AdapterMethod
{
    /// <inheritdoc />
    public override string Name => "lora";

    /// <inheritdoc />
    public override string Title => "LoRA";

    /// <inheritdoc />
    public override string? PeftType => "LORA";

    /// <inheritdoc />
    public override IReadOnlyList<string> FactorNames { get; } = ["lora_A.weight", "lora_B.weight", "lora_embedding_A", "lora_embedding_B"];

    /// <inheritdoc />
    public override IReadOnlySet<string> PeftKeys { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <inheritdoc />
    public override IEnumerable<string> Problems(AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        foreach (var problem in config.Lora?.Problems() ?? [])
        {
            yield return problem;
        }

        if (config.Lora is { IsFromWeight: true } && (config.Shortcut.Kind != ShortcutKind.None || config.Method is not null))
        {
            yield return $"lora.initialization is {config.Lora.Initialization.ToString().ToLowerInvariant()}, which goes with plain LoRA only, since it is LoRA of twice the rank with fixed factors";
        }
    }

    /// <inheritdoc />
    public override AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(site);
        ArgumentNullException.ThrowIfNull(config);
        return config.Lora is { IsFromWeight: true } ? new SubtractedLoraBlock(
            site, Fitting(site, config)) : new LoraBlock(site, config, generator);
    }

    /// <inheritdoc />
    public override double RateFactor(AdapterConfig config, string factorName)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(factorName);
        return config.Lora is { } settings && factorName.StartsWith("lora_B", StringComparison.Ordinal) ? settings.LearningRateRatio : 1;
    }

    private static AdapterConfig Fitting(LayerSite site, AdapterConfig config)
    {
        var most = Math.Min(site.InFeatures, site.OutFeatures);
        return config.Rank <= most
            ? config
            : throw new ConfigException(
                $"adapter.rank is {config.Rank}, and '{site.Name}' is {site.OutFeatures} x {site.InFeatures}: {config.Lora!.Initialization.ToString().ToLowerInvariant()} finds at most {most} in it; lower the rank or exclude the layer.");
    }

    /// <inheritdoc />
    public override AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(config);
        return config with { Rank = file.Rank, Alpha = file.Alpha, Dropout = file.Dropout, RankStabilized = file.RankStabilized };
    }

    /// <inheritdoc />
    public override void WritePeft(AdapterConfig config, IDictionary<string, object?> keys)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(keys);
        keys["bias"] = "none";
        keys["fan_in_fan_out"] = false;
        keys["init_lora_weights"] = true;
        keys["loftq_config"] = new Dictionary<string, int>();
        keys["lora_alpha"] = config.Alpha;
        keys["lora_dropout"] = config.Dropout;
        keys["megatron_config"] = null;
        keys["megatron_core"] = "megatron.core";
        keys["use_dora"] = false;
        keys["use_rslora"] = config.RankStabilized;
    }
}
