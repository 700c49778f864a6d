using System.Globalization;
using System.Text.RegularExpressions;

namespace ResLora.Adapters;

/// <summary>Where a linear layer stands: what decides who is "previous" for whom.</summary>
/// <param name="Name">The dotted name, such as <c>model.layers.3.self_attn.q_proj</c>.</param>
/// <param name="InFeatures">Din.</param>
/// <param name="OutFeatures">Dout.</param>
public sealed record ChainLink(string Name, long InFeatures, long OutFeatures);

/// <summary>Two blocks of the same projection that are not linked, and why.</summary>
/// <param name="From">The block before the break.</param>
/// <param name="To">The block after it, head of a new chain.</param>
/// <param name="Reason">What differs, as a phrase.</param>
public sealed record ChainBreak(string From, string To, string Reason);

/// <summary>
/// The blocks of one projection in neighbouring layers, in the order of execution: block n's previous block is n − 1.
/// </summary>
/// <param name="Name">The module name without its layer prefix, such as <c>self_attn.q_proj</c>.</param>
/// <param name="Blocks">The dotted names of the blocks, first to last.</param>
public sealed partial record ShortcutChain(string Name, IReadOnlyList<string> Blocks)
{
    /// <summary>
    /// Sorts layers into chains: the same-named projection of layers i and i + 1 is linked when in and out features are
    /// equal; anything else starts a new chain and is reported.
    /// </summary>
    /// <param name="links">The adapted layers, in any order.</param>
    /// <returns>The chains and the breaks between them.</returns>
    public static (IReadOnlyList<ShortcutChain> Chains, IReadOnlyList<ChainBreak> Breaks) Build(IEnumerable<ChainLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        var chains = new List<ShortcutChain>();
        var breaks = new List<ChainBreak>();
        foreach (var projection in links.Select(Placed).GroupBy(p => (p.Prefix, p.Suffix)))
        {
            var current = new List<string>();
            (ChainLink Link, long Layer)? previous = null;
            foreach (var (link, layer) in projection.Select(p => (p.Link, p.Layer)).OrderBy(p => p.Layer))
            {
                if (previous is { } before && Difference(before, (link, layer)) is { } reason)
                {
                    breaks.Add(new ChainBreak(before.Link.Name, link.Name, reason));
                    chains.Add(new ShortcutChain(projection.Key.Suffix, current));
                    current = [];
                }

                current.Add(link.Name);
                previous = (link, layer);
            }

            chains.Add(new ShortcutChain(projection.Key.Suffix, current));
        }

        return (chains, breaks);
    }

    private static (string Prefix, long Layer, string Suffix, ChainLink Link) Placed(ChainLink link)
    {
        var match = LayerIndex().Match(link.Name);
        return match.Success
            ? (match.Groups["prefix"].Value, long.Parse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture), match.Groups["suffix"].Value, link)
            : ("", 0, link.Name, link);
    }

    private static string? Difference((ChainLink Link, long Layer) before, (ChainLink Link, long Layer) after)
    {
        if (after.Layer != before.Layer + 1)
        {
            return $"layers {before.Layer} and {after.Layer} are not neighbours";
        }

        var (a, b) = (before.Link, after.Link);
        return (a.InFeatures, a.OutFeatures) == (b.InFeatures, b.OutFeatures)
            ? null
            : $"[{a.OutFeatures}, {a.InFeatures}] and [{b.OutFeatures}, {b.InFeatures}] differ";
    }

    [GeneratedRegex(@"^(?<prefix>.*?)\.(?<layer>\d{1,9})\.(?<suffix>.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex LayerIndex();
}
