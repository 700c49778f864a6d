using System.Globalization;
using System.Text.RegularExpressions;
using ResLora.Adapters;
using ResLora.Models.Memory;

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
    public static IEnumerable<LayerBlocks> Of(AdaptedModel? adapter, IReadOnlyList<LayerAccount> layers, int width) =>
        Of(adapter?.Blocks ?? [], layers, width, adapter is null);

    /// <summary>Some blocks, layer by layer, in order.</summary>
    public static IEnumerable<LayerBlocks> Of(
        IReadOnlyList<AdapterBlock> all, IReadOnlyList<LayerAccount> layers, int width, bool trainsBase)
    {
        var byLayer = all.ToLookup(block => LayerIndex().Match(block.ModuleName) is { Success: true } match
            ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : -1);
        IEnumerable<AdapterBlock> Within(LayerAccount layer, int place) => layer.Prefix is { } prefix
            ? all.Where(block => block.ModuleName.StartsWith(prefix, StringComparison.Ordinal))
            : byLayer[place];
        return layers.Select((layer, place) =>
            new LayerBlocks([.. Within(layer, place)], width, trainsBase) { Prefix = layer.Prefix });
    }

    /// <summary>What lies before the first place of the layer that has a block, in bytes; null when none has.</summary>
    public long? Before(IEnumerable<LinearInput> inputs) =>
        inputs.Where(input => On(input).Length > 0).Min(input => (long?)input.Before);

    /// <summary>Whether the layer counts what a block keeps.</summary>
    public bool Counts(AdapterBlock block, IEnumerable<LinearInput> inputs) => inputs.Any(input => On(input).Contains(block));

    /// <summary>Bytes that linear layers with one common input keep of it, for each token or sample.</summary>
    public long Kept(LinearInput input)
    {
        var here = On(input);
        var shares = trainsBase || here.Any(block => block.Cost.KeepsInput);
        return ((shares && !input.IsKeptAnyway ? input.Features : 0) + here.Sum(block => block.Cost.PerToken)) * input.Rows * width;
    }

    /// <summary>Bytes that linear layers with one common input hand on to the next layer, for each token or sample.</summary>
    public long Carried(LinearInput input)
    {
        var here = On(input);
        var features = here.Any(block => block.Cost.CarriesInput) ? input.Features : 0;
        return (features + here.Sum(block => block.Cost.CarriedPerToken)) * input.Rows * width;
    }

    /// <summary>Bytes that linear layers with one common input send over a cut, for each token, where all of these blocks do.</summary>
    public long OverCut(LinearInput input)
    {
        var here = On(input);
        var features = here.Any(block => block.Cost.CarriesInput) ? input.Features : 0;
        return (features + here.Where(block => block.Cost.CarriedPerToken > 0).Sum(block => block.LowWidth)) * width;
    }

    private string? Prefix { get; init; }

    private AdapterBlock[] On(LinearInput input) =>
        [.. blocks.Where(block => input.Names.Contains(LastPart(block.ModuleName)) || input.Names.Contains(InLayer(block.ModuleName)))];

    private static string LastPart(string name) => name[(name.LastIndexOf('.') + 1)..];

    /// <summary>The name behind the layer's prefix or number: parts that end alike are told apart by it.</summary>
    private string InLayer(string name) => Prefix is { } prefix
        ? name[prefix.Length..]
        : LayerIndex().Match(name) is { Success: true } match ? name[(match.Index + match.Length)..] : name;

    [GeneratedRegex(@"\.(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex LayerIndex();
}
