using System.Globalization;
using System.Text.RegularExpressions;
using ResLora.Adapters;

namespace ResLora.Training.Memory;

/// <summary>The adapter blocks of one layer, and what autograd keeps for them.</summary>
/// <param name="blocks">The layer's blocks; empty for none.</param>
/// <param name="width">Bytes of one number of the base model's dtype.</param>
/// <param name="trainsBase">Whether the base's own weights are trained, so that its linear layers keep their inputs, too.</param>
internal sealed partial class LayerBlocks(IReadOnlyList<AdapterBlock> blocks, int width, bool trainsBase)
{
    /// <summary>Whether the base's own weights are trained.</summary>
    public bool TrainsBase => trainsBase;

    /// <summary>The blocks of every layer, in order.</summary>
    public static IEnumerable<LayerBlocks> Of(AdaptedModel? adapter, int layers, int width)
    {
        var byLayer = (adapter?.Blocks ?? []).ToLookup(block => LayerIndex().Match(block.ModuleName) is { Success: true } match
            ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : -1);
        return Enumerable.Range(0, layers).Select(layer => new LayerBlocks([.. byLayer[layer]], width, adapter is null));
    }

    /// <summary>Bytes a token that linear layers with one common input keep of it.</summary>
    /// <param name="inputs">Din of the layers.</param>
    /// <param name="isKeptAnyway">Whether autograd keeps that input for another reason.</param>
    /// <param name="names">The last parts of the layers' names, or all behind the layer's number.</param>
    public long Kept(long inputs, bool isKeptAnyway, params IEnumerable<string> names)
    {
        var here = On(names);
        var shares = trainsBase || here.Any(block => block.Cost.KeepsInput);
        return ((shares && !isKeptAnyway ? inputs : 0) + here.Sum(block => block.Cost.PerToken)) * width;
    }

    /// <summary>Bytes a token that linear layers with one common input hand on to the next layer.</summary>
    /// <param name="inputs">Din of the layers.</param>
    /// <param name="names">The last parts of the layers' names, or all behind the layer's number.</param>
    public long Carried(long inputs, params IEnumerable<string> names)
    {
        var here = On(names);
        return ((here.Any(block => block.Cost.CarriesInput) ? inputs : 0) + here.Sum(block => block.Cost.CarriedPerToken)) * width;
    }

    private AdapterBlock[] On(IEnumerable<string> names) =>
        [.. blocks.Where(block => names.Contains(LastPart(block.ModuleName)) || names.Contains(InLayer(block.ModuleName)))];

    private static string LastPart(string name) => name[(name.LastIndexOf('.') + 1)..];

    /// <summary>The name behind the layer's number: parts that end alike are told apart by it.</summary>
    private static string InLayer(string name) =>
        LayerIndex().Match(name) is { Success: true } match ? name[(match.Index + match.Length)..] : name;

    [GeneratedRegex(@"\.(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex LayerIndex();
}
