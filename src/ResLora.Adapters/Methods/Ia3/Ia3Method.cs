using System.Text.Json;
using System.Text.RegularExpressions;
using ResLora.Adapters.Layers;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Ia3;

/// <summary>(IA)³: a factor for each output or each input of a layer, and nothing else.</summary>
/// <remarks>Liu et al., arXiv:2205.05638.</remarks>
public sealed class Ia3Method : AdapterMethod
{
    private const string FeedforwardKey = "feedforward_modules";

    /// <inheritdoc />
    public override string Name => "ia3";

    /// <inheritdoc />
    public override string Title => "(IA)³";

    /// <inheritdoc />
    public override string? PeftType => "IA3";

    /// <inheritdoc />
    public override IReadOnlyList<string> FactorNames { get; } = [Ia3Block.VectorName];

    /// <inheritdoc />
    public override IReadOnlySet<string> PeftKeys { get; } = new HashSet<string>(
        [FeedforwardKey, "init_ia3_weights"], StringComparer.Ordinal);

    /// <inheritdoc />
    public override bool HasRank => false;

    /// <inheritdoc />
    public override string? BesidesLora => "factors of outputs and inputs ((IA)³)";

    /// <inheritdoc />
    public override IEnumerable<string> Problems(AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var usual = new AdapterConfig();
        (string Name, bool IsSet)[] settings =
        [
            ("rank", config.Rank != usual.Rank), ("alpha", config.Alpha != usual.Alpha), ("dropout", config.Dropout != 0), (
                "rankStabilized", config.RankStabilized),
        ];
        return settings.Where(setting => setting.IsSet).Select(setting => $"{setting.Name} is set, and (IA)³ has none; leave it out")
            .Concat(config.Ia3?.Problems() ?? []);
    }

    /// <inheritdoc />
    public override string? WhyNot(ShortcutKind kind) =>
        "it stretches what a layer computes and adds nothing to it, so that there is no update to hand on";

    /// <inheritdoc />
    public override bool Takes(LayerSite site) => site is LinearSite;

    /// <inheritdoc />
    public override double Scaling(AdapterConfig config) => 1;

    /// <inheritdoc />
    public override AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator) => new Ia3Block(site, config);

    /// <inheritdoc />
    public override void RequireTraining(AdaptedModel adapted, int steps)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        string[] names = [.. adapted.Blocks.Select(block => block.ModuleName)];
        if (adapted.Config.Ia3?.Feedforward?.IdleParts(names) is { Count: > 0 } idle)
        {
            throw new ConfigException($"adapter.ia3.feedforward '{string.Join("', '", idle)}' matches none of the {names.Length} layers with a block; name some of adapter.targets.");
        }
    }

    /// <inheritdoc />
    public override AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(config);
        var chosen = file.Unread.GetValueOrDefault(FeedforwardKey);
        var feedforward = chosen.ValueKind switch
        {
            JsonValueKind.String => chosen.GetString()!,
            // Any end of a name counts, not only a whole part of it.
            JsonValueKind.Array => string.Join("|", chosen.Deserialize<string[]>()!.Select(name => ".*" + Regex.Escape(name))),
            _ => throw new JsonException($"{FeedforwardKey} is no list of names and no regular expression"),
        };
        return config with { Method = Name, Ia3 = feedforward.Length == 0 ? null : new Ia3Settings { Feedforward = TargetModules.Matching(feedforward) } };
    }

    /// <inheritdoc />
    public override AdapterConfig Renamed(AdapterConfig config, IEnumerable<(string From, string To)> modules)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Ia3?.Feedforward is not { } feedforward)
        {
            return config;
        }

        string[] chosen = [.. modules.Where(module => feedforward.Matches(module.From)).Select(module => module.To)];
        return config with { Ia3 = chosen.Length == 0 ? null : new Ia3Settings { Feedforward = TargetModules.Suffixes(chosen) } };
    }

    /// <inheritdoc />
    public override void WritePeft(AdapterConfig config, IDictionary<string, object?> keys)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(keys);
        // An expression, since PEFT wants a list to be a part of the list of targets, letter by letter.
        keys[FeedforwardKey] = config.Ia3?.Feedforward switch
        {
            null => Array.Empty<string>(),
            { IsPattern: true } pattern => pattern.Parts[0],
            var suffixes => $@"(.*\.)?({string.Join("|", suffixes.Parts.Select(Regex.Escape))})",
        };
        keys["fan_in_fan_out"] = false;
        keys["init_ia3_weights"] = true;
    }
}
