using ResLora.Adapters.Layers;
using ResLora.Adapters.Methods.Lora;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.DyLora;

/// <summary>DyLoRA: one run that trains every rank up to the adapter's, of which any can be cut out afterwards.</summary>
/// <remarks>Valipour et al., arXiv:2210.07558.</remarks>
public sealed class DyLoraMethod : LoraMethod
{
    /// <inheritdoc />
    public override string Name => "dylora";

    /// <inheritdoc />
    public override string Title => "DyLoRA";

    /// <inheritdoc />
    public override string? PeftType => null;

    /// <inheritdoc />
    public override IEnumerable<string> Problems(AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return (
            config.RankStabilized ? ["rankStabilized is true, and DyLoRA's scaling is alpha / b for a rank of b"] : Array.Empty<string>())
            .Concat(config.DyLora?.Problems() ?? []);
    }

    /// <inheritdoc />
    public override AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator) =>
        new DyLoraBlock(site, config, generator);

    /// <inheritdoc />
    public override MethodTraining? Training(AdaptedModel adapted, int steps, long seed) => new DyLoraTraining(adapted, seed);

    /// <inheritdoc />
    public override AdapterConfig CutTo(AdapterConfig config, int rank)
    {
        ArgumentNullException.ThrowIfNull(config);
        return rank >= 1 && rank <= config.Rank
            ? config with { Method = null, DyLora = null, Rank = rank }
            : throw new ConfigException($"The adapter was trained for every rank from 1 to {config.Rank}, and {rank} is none of them.");
    }

    /// <inheritdoc />
    public override AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config) => throw new NotSupportedException("PEFT has no DyLoRA.");
}
