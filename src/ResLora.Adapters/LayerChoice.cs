using ResLora.Adapters.Layers;
using ResLora.Formats.Errors;

namespace ResLora.Adapters;

/// <summary>Which layers of a model get a block.</summary>
internal static class LayerChoice
{
    private const string LinearLayers = "linear layers";

    /// <summary>The names that the settings choose among the layers that their method takes.</summary>
    /// <param name="config">The adapter's settings.</param>
    /// <param name="sites">All layers that some method takes.</param>
    /// <returns>The chosen names.</returns>
    /// <exception cref="ConfigException">A target or exclusion matches nothing, or everything is excluded.</exception>
    public static IReadOnlySet<string> Of(AdapterConfig config, IReadOnlyList<LayerSite> sites)
    {
        var method = config.Kind;
        // Convolutions and embeddings are chosen by name or pattern alone, as in PEFT.
        var onlyLinear = config.Targets is { IsAllLinear: true };
        LayerSite[] choosable = [.. sites.Where(site => method.Takes(site) && (site is LinearSite || !onlyLinear))];
        return Of(
            config,
            [.. choosable.Select(site => site.Name)],
            choosable.All(site => site is LinearSite) ? LinearLayers : "layers",
            [.. sites.Except(choosable)]);
    }

    /// <summary>The same among linear layers of which only the names are known.</summary>
    /// <param name="config">The adapter's settings.</param>
    /// <param name="names">The dotted names.</param>
    /// <returns>The chosen names.</returns>
    public static IReadOnlySet<string> OfLinear(AdapterConfig config, IReadOnlyCollection<string> names) =>
        Of(config, names, LinearLayers, []);

    private static HashSet<string> Of(AdapterConfig config, IReadOnlyCollection<string> names, string kind, LayerSite[] others)
    {
        var targets = config.Targets ?? throw new ConfigException(
            "adapter.targets is missing; name the layers that get a block, such as [q_proj, v_proj], or all-linear.");
        var targeted = Matched("targets", targets);
        if (config.Exclude is { } exclude)
        {
            targeted.ExceptWith(Matched("exclude", exclude));
        }

        return targeted.Count > 0
            ? targeted
            : throw new ConfigException(
                $"adapter.exclude '{config.Exclude}' leaves none of the layers that targets '{targets}' chose; loosen one of them.");

        HashSet<string> Matched(string key, TargetModules choice)
        {
            if (choice.IdleParts(names) is [var idle, ..] all)
            {
                throw others.FirstOrDefault(site => Takes(choice, idle, site.Name)) is { } other
                    ? NotTaken(config, key, idle, other)
                    : new ConfigException(
                        $"adapter.{key} '{string.Join("', '", all)}' matches none of the {names.Count} {kind}. " +
                        $"Nearest: {string.Join(", ", NearestName.Find(idle, names.Select(n => n[(n.LastIndexOf('.') + 1)..])))}. List the names with 'reslora inspect'.");
            }

            return [.. names.Where(choice.Matches)];
        }
    }

    private static bool Takes(TargetModules choice, string part, string name) =>
        (choice.IsPattern ? choice : TargetModules.Suffixes(part)).Matches(name);

    private static ConfigException NotTaken(AdapterConfig config, string key, string part, LayerSite site)
    {
        var why = config.Kind.Takes(site)
            ? "all-linear leaves such a layer out anyway"
            : $"{config.Kind.Title} does not go on such a layer";
        return new ConfigException($"adapter.{key} '{part}' matches '{site.Name}', of the kind '{site.Kind}' ({string.Join(" x ", site.Weight.shape)}), and {why}; take it out of {key}.");
    }
}
