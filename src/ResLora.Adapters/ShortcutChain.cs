using ResLora.Formats;

namespace ResLora.Adapters;

/// <summary>An adapted layer: what decides who is "previous" for whom.</summary>
/// <param name="Name">The dotted name, such as <c>model.layers.3.self_attn.q_proj</c>.</param>
/// <param name="InFeatures">Din.</param>
/// <param name="OutFeatures">Dout.</param>
public sealed record ChainLink(string Name, long InFeatures, long OutFeatures)
{
    /// <summary>What else must be equal in neighbours, in words; empty at linear layers.</summary>
    public string Geometry { get; init; } = "";

    /// <summary>How many tokens or pixels the layer sees; null where that is the same in all layers of its role.</summary>
    public long? Tokens { get; init; }
}

/// <summary>Two blocks of the same projection that are not linked, and why.</summary>
/// <param name="From">The block before the break.</param>
/// <param name="To">The block after it, head of a new chain.</param>
/// <param name="Reason">What differs, as a phrase.</param>
public sealed record ChainBreak(string From, string To, string Reason);

/// <summary>
/// The blocks of one projection, in the order of execution: block n's previous block is n − 1.
/// </summary>
/// <param name="Name">What the layers have in common, such as <c>self_attn.q_proj</c>.</param>
/// <param name="Blocks">The dotted names of the blocks, first to last.</param>
public sealed record ShortcutChain(string Name, IReadOnlyList<string> Blocks)
{
    /// <summary>
    /// Sorts layers into chains: of the layers that play one role, each is linked with the one that runs after it when both are adapted and
    /// their in and out features and the number of tokens that they see are equal; anything else starts a new chain and is reported.
    /// </summary>
    /// <param name="links">The adapted layers, in any order.</param>
    /// <param name="order">All layers, adapted or not, in the order of execution.</param>
    /// <param name="roleOf">What a layer is for; null for its name without the first number in it.</param>
    /// <returns>The chains and the breaks between them.</returns>
    public static (IReadOnlyList<ShortcutChain> Chains, IReadOnlyList<ChainBreak> Breaks) Build(
        IEnumerable<ChainLink> links, IReadOnlyList<string> order, Func<string, string>? roleOf = null)
    {
        ArgumentNullException.ThrowIfNull(links);
        ArgumentNullException.ThrowIfNull(order);
        roleOf ??= LayerRole.Usual;
        var places = order.GroupBy(roleOf).ToDictionary(role =>
            role.Key, role =>
                role.Distinct(StringComparer.Ordinal).Select((name, place) => (name, place)).ToDictionary(
                    p => p.name, p => p.place, StringComparer.Ordinal));
        var chains = new List<ShortcutChain>();
        var breaks = new List<ChainBreak>();
        foreach (var role in links.GroupBy(link => roleOf(link.Name)))
        {
            var current = new List<string>();
            (ChainLink Link, int Place)? previous = null;
            foreach (var next in role.Select(link => (Link: link, Place: places[role.Key][link.Name])).OrderBy(p => p.Place))
            {
                if (previous is { } before && Difference(before, next) is { } reason)
                {
                    breaks.Add(new ChainBreak(before.Link.Name, next.Link.Name, reason));
                    chains.Add(new ShortcutChain(LayerRole.NameOf(role.Key), current));
                    current = [];
                }

                current.Add(next.Link.Name);
                previous = next;
            }

            chains.Add(new ShortcutChain(LayerRole.NameOf(role.Key), current));
        }

        return (chains, breaks);
    }

    private static string? Difference((ChainLink Link, int Place) before, (ChainLink Link, int Place) after)
    {
        var between = after.Place - before.Place - 1;
        if (between > 0)
        {
            return between == 1 ? "a layer without a block runs between them" : $"{between} layers without a block run between them";
        }

        var (a, b) = (before.Link, after.Link);
        if ((a.InFeatures, a.OutFeatures, a.Geometry) != (b.InFeatures, b.OutFeatures, b.Geometry))
        {
            return $"{Text(a)} and {Text(b)} differ";
        }

        return a.Tokens == b.Tokens ? null : $"they see {a.Tokens} and {b.Tokens} tokens of an input";
    }

    private static string Text(ChainLink link) =>
        $"[{link.OutFeatures}, {link.InFeatures}]{(link.Geometry.Length > 0 ? " " + link.Geometry : "")}";
}
