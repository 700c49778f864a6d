using ResLora.Adapters.Layers;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Vera;

/// <summary>VeRA: frozen random factors that all layers share, and trained vectors between them.</summary>
/// <remarks>Kopiczko et al., arXiv:2310.11454.</remarks>
public sealed class VeraMethod : AdapterMethod
{
    private const string Down = "vera_A";
    private const string Up = "vera_B";
    private const string Dropout = "vera_dropout";
    private const string Initial = "d_initial";
    private const string Seed = "projection_prng_key";

    /// <inheritdoc />
    public override string Name => "vera";

    /// <inheritdoc />
    public override string Title => "VeRA";

    /// <inheritdoc />
    public override string? PeftType => "VERA";

    /// <inheritdoc />
    public override IReadOnlyList<string> FactorNames { get; } = [VeraBlock.OutputsName, VeraBlock.RanksName];

    /// <inheritdoc />
    public override IReadOnlyList<string> SharedNames { get; } = [Down, Up];

    /// <inheritdoc />
    public override IReadOnlySet<string> PeftKeys { get; } =
        new HashSet<string>([Dropout, Initial, Seed, "init_weights", "save_projection"], StringComparer.Ordinal);

    /// <inheritdoc />
    public override bool HasPatterns => false;

    /// <inheritdoc />
    public override string PeftScaling => "1";

    /// <inheritdoc />
    public override double Scaling(AdapterConfig config) => 1;

    /// <inheritdoc />
    // As PEFT, whose VeRA has linear layers only.
    public override bool Takes(LayerSite site) => site is LinearSite;

    /// <inheritdoc />
    public override IEnumerable<string> Problems(AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        (string Name, bool IsSet)[] settings = [(
            "alpha", config.Alpha != new AdapterConfig().Alpha), ("rankStabilized", config.RankStabilized)];
        return settings.Where(setting => setting.IsSet).Select(setting => $"{setting.Name} is set, and VeRA has no scaling; leave it out")
            .Concat(config.Vera?.Problems() ?? []);
    }

    /// <inheritdoc />
    public override AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator) => new VeraBlock(site, config);

    /// <inheritdoc />
    public override IReadOnlyList<Tensor> Share(IReadOnlyList<AdapterBlock> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        using var scope = NewDisposeScope();
        var config = blocks[0].Config;
        var (a, b) = VeraMath.Projections(
            blocks.Max(block => block.OutFeatures),
            blocks.Max(block => block.InFeatures),
            config.Rank,
            (config.Vera ?? new VeraSettings()).ProjectionSeed);
        (a, b) = (a.to(blocks[0].Site.FactorDevice).DetachFromDisposeScope(), b.to(blocks[0].Site.FactorDevice).DetachFromDisposeScope());
        foreach (var block in blocks.Cast<VeraBlock>())
        {
            block.Share(a, b);
        }

        return [a, b];
    }

    /// <inheritdoc />
    public override AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(config);
        var usual = new VeraSettings();
        var settings = new VeraSettings
        {
            Initial = file.Own(Initial, usual.Initial),
            ProjectionSeed = file.Own(
                Seed, usual.ProjectionSeed)
        };
        return config with { Method = Name, Rank = file.Rank, Dropout = file.Own(Dropout, 0.0), Vera = settings == usual ? null : settings };
    }

    /// <inheritdoc />
    public override void WritePeft(AdapterConfig config, IDictionary<string, object?> keys)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(keys);
        var settings = config.Vera ?? new VeraSettings();
        keys["bias"] = "none";
        keys[Initial] = settings.Initial;
        keys["fan_in_fan_out"] = false;
        keys["init_weights"] = true;
        keys["layers_pattern"] = null;
        keys["layers_to_transform"] = null;
        keys[Seed] = settings.ProjectionSeed;
        keys["r"] = config.Rank;
        keys["save_projection"] = true;
        keys[Dropout] = config.Dropout;
    }
}
