using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>Measures, while the unmerged model computes, by how much each merged layer would have put out something else.</summary>
/// <param name="merged">The merged adapters to measure, of the model that computes.</param>
public sealed class ModuleErrors(IReadOnlyList<MergedAdapter> merged) : IActivationObserver
{
    private readonly Dictionary<string, LoraPair>[] _pairs =
        [.. merged.Select(m => m.Blocks.ToDictionary(b => b.ModuleName, b => b.Pair, StringComparer.Ordinal))];

    private readonly Dictionary<ResLoraLinear, Sums> _sums = [];
    private Tensor? _tokenMask;

    /// <inheritdoc />
    public void BeginPass(Tensor? tokenMask) => _tokenMask = tokenMask;

    /// <inheritdoc />
    public void Observe(ResLoraLinear block, Tensor input, Tensor? low)
    {
        ArgumentNullException.ThrowIfNull(block);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var x = TokenRows.Of(input, _tokenMask);                                           // [B, T, Din] -> [N, Din]
        var exact = low is null
            ? ResLoraMath.BlockShortcut(x, [block.Pair, .. block.Previous.Select(p => p.Pair)], weight: block.ShortcutWeight)
            : LoraMath.Up(TokenRows.Of(low, _tokenMask), block.Pair);                      // [N, Dout]
        if (!_sums.TryGetValue(block, out var sums))
        {
            _sums[block] = sums = new Sums(merged.Count);
        }

        sums.Update += Square(exact);
        sums.Output += Square(block.BaseLayer.call(x) + exact);
        for (var i = 0; i < merged.Count; i++)
        {
            sums.Errors[i] += Square(LoraMath.Delta(x, _pairs[i][block.ModuleName]) - exact);
        }
    }

    /// <summary>What was measured of one of the merged adapters.</summary>
    /// <param name="index">Its index.</param>
    /// <returns>An error a layer, in the order in which they computed; empty when no shortcut was at work.</returns>
    public IReadOnlyList<ModuleError> Of(int index) =>
    [
        .. _sums.Select(pair => new ModuleError(
            pair.Key.ModuleName, Relative(pair.Value.Errors[index], pair.Value.Update), Relative(pair.Value.Errors[index], pair.Value.Output))),
    ];

    private static double Square(Tensor values) => values.to(float32).square().sum().item<float>();

    private static double Relative(double error, double whole) => error == 0 ? 0 : Math.Sqrt(error / whole);

    private sealed class Sums(int count)
    {
        public double Update { get; set; }

        public double Output { get; set; }

        public double[] Errors { get; } = new double[count];
    }
}
