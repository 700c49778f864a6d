using ResLora.Adapters.Layers;
using ResLora.Adapters.Methods.Lora;
using ResLora.Formats.Peft;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.AdaLora;

/// <summary>AdaLoRA: updates by singular values, of which the least important are pruned in training.</summary>
/// <remarks>Zhang et al., arXiv:2303.10512.</remarks>
public sealed class AdaLoraMethod : LoraMethod
{
    private const int PeftRank = 8;   // the r of PEFT's, which AdaLoRA does not read; PEFT warns of any other

    /// <inheritdoc />
    public override string Name => "adalora";

    /// <inheritdoc />
    public override string Title => "AdaLoRA";

    /// <inheritdoc />
    public override string? PeftType => "ADALORA";

    /// <inheritdoc />
    public override IReadOnlyList<string> FactorNames { get; } = [AdaLoraBlock.DownName, AdaLoraBlock.UpName, AdaLoraBlock.ValuesName];

    /// <inheritdoc />
    public override IReadOnlySet<string> PeftKeys { get; } =
        new HashSet<string>(
            ["init_r", "target_r", "tinit", "tfinal", "deltaT", "beta1", "beta2", "orth_reg_weight", "total_step"], StringComparer.Ordinal);

    /// <inheritdoc />
    public override bool HasPatterns => false;

    /// <inheritdoc />
    public override string PeftScaling => "lora_alpha / (init_r + 1e-5)";

    /// <inheritdoc />
    public override bool DependsOnSteps => true;

    /// <inheritdoc />
    public override void RequireTraining(AdaptedModel adapted, int steps)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        AdaLoraSchedule.Of(Settings(adapted.Config), steps);
    }

    /// <inheritdoc />
    public override string? WhyNotAveraged => "whose pruned singular values an average would bring back";

    /// <inheritdoc />
    // Sensitivity and uncertainty.
    public override int StateOfFactors => 2;

    /// <inheritdoc />
    public override IEnumerable<string> Problems(AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return (config.RankStabilized ? ["rankStabilized is true, and AdaLoRA's scaling is alpha / rank"] : Array.Empty<string>())
            .Concat(Settings(config).Problems(config.Rank));
    }

    /// <inheritdoc />
    public override double Scaling(AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return AdaLoraMath.Scaling(config.Alpha, config.Rank);
    }

    /// <inheritdoc />
    // As PEFT, whose AdaLoRA has no embeddings and no convolutions in one dimension.
    public override bool Takes(LayerSite site) => site is LinearSite or ConvolutionSite { Weight.shape.Length: 4 };

    /// <inheritdoc />
    public override AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator) =>
        new AdaLoraBlock(site, config, generator);

    /// <inheritdoc />
    public override MethodTraining? Training(AdaptedModel adapted, int steps, long seed)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        var settings = Settings(adapted.Config);
        return new AdaLoraTraining(adapted, settings, AdaLoraSchedule.Of(settings, steps));
    }

    /// <inheritdoc />
    public override IEnumerable<KeyValuePair<string, string>> Facts(AdapterDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        using var reader = SafetensorsReader.Open(description.TensorFile);
        // What PEFT pruned is not in its files; in ours it is 0.
        long[] ranks = [.. reader.Entries.Values.Where(
            e => e.Name.EndsWith("." + AdaLoraBlock.ValuesName, StringComparison.Ordinal)).Select(Kept)];
        if (ranks.Length > 0)
        {
            yield return new("kept ranks", FormattableString.Invariant($"{ranks.Min()} to {ranks.Max()}, {ranks.Average():0.##} on average (target {Settings(description.Config).TargetOf(description.Config.Rank)})"));
        }

        long Kept(SafetensorsEntry entry)
        {
            using var scope = NewDisposeScope();
            return description.Peft is null ? reader.Read(entry.Name).count_nonzero().item<long>() : entry.Shape[0];
        }
    }

    /// <inheritdoc />
    public override AdapterConfig WrittenConfig(AdaptedModel adapted)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        AdaLoraBlock[] blocks = [.. adapted.Blocks.Cast<AdaLoraBlock>()];
        var kept = blocks.Select(block => (block.ModuleName, Entries: block.StoredEntries())).Where(block => block.Entries is not null);
        return adapted.Config with
        {
            AdaLora = Settings(adapted.Config) with
            {
                Kept = kept.ToDictionary(block => block.ModuleName, block => block.Entries!, StringComparer.Ordinal),
                Schedule = blocks[0].Schedule,
            },
        };
    }

    /// <inheritdoc />
    public override AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(config);
        var own = new AdaLoraConfig();
        var rank = file.Own("init_r", 12);
        var total = file.Own("total_step", 0);
        return config with
        {
            Method = Name,
            Rank = rank,
            Alpha = file.Alpha,
            Dropout = file.Dropout,
            AdaLora = own with
            {
                // PEFT opens a folder whatever its target is, and could prune nothing with one above.
                TargetRank = Math.Min(file.Own("target_r", 8), rank),
                Interval = file.Own("deltaT", own.Interval),
                Beta1 = file.Own("beta1", own.Beta1),
                Beta2 = file.Own("beta2", own.Beta2),
                OrthogonalWeight = file.Own("orth_reg_weight", own.OrthogonalWeight),
                Schedule = total > 0 ? new AdaLoraSchedule(file.Own("tinit", 0), file.Own("tfinal", 0), total) : null,
                Kept = RankPattern.Read(file.RankPattern, rank),
            },
        };
    }

    /// <inheritdoc />
    public override AdapterConfig Renamed(AdapterConfig config, IEnumerable<(string From, string To)> modules)
    {
        ArgumentNullException.ThrowIfNull(config);
        var names = modules.ToDictionary(module => module.From, module => module.To, StringComparer.Ordinal);
        return config.AdaLora is not { Kept.Count: > 0 } own ? config : config with
        {
            AdaLora = own with
            {
                Kept = own.Kept.ToDictionary(
                    pair => names.GetValueOrDefault(pair.Key, pair.Key), pair => pair.Value, StringComparer.Ordinal)
            },
        };
    }

    /// <inheritdoc />
    public override IEnumerable<string> Unplaced(AdapterConfig config, IReadOnlyCollection<string> modules)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(modules);
        return Settings(config).Kept.Keys.Where(name => !modules.Any(module => RankPattern.Names(name, module)))
            .Select(name => $"rank_pattern names '{name}', which has no block");
    }

    /// <inheritdoc />
    public override void WritePeft(AdapterConfig config, IDictionary<string, object?> keys)
    {
        base.WritePeft(config, keys);
        var own = Settings(config);
        var (warmup, final) = (own.Schedule?.Warmup ?? own.WarmupSteps ?? 0, own.Schedule?.Final ?? own.FinalSteps ?? 0);
        keys["alpha_pattern"] = new Dictionary<string, double>();
        keys["layers_pattern"] = null;
        keys["layers_to_transform"] = null;
        keys["r"] = PeftRank;
        keys["init_r"] = config.Rank;
        keys["target_r"] = own.TargetOf(config.Rank);
        keys["tinit"] = warmup;
        keys["tfinal"] = final;
        keys["deltaT"] = own.Interval;
        keys["beta1"] = own.Beta1;
        keys["beta2"] = own.Beta2;
        keys["orth_reg_weight"] = own.OrthogonalWeight;
        // PEFT opens no folder without a step to prune in.
        keys["total_step"] = own.Schedule?.Total ?? (warmup + final + 1);
        keys["rank_pattern"] = RankPattern.Write(own.Kept);
    }

    private static AdaLoraConfig Settings(AdapterConfig config) => config.AdaLora ?? new AdaLoraConfig();
}
